import { voxelCount, type Zyx } from "../../plan/index.js";
import type { BatchCost } from "./batch-cost.js";

/** What a stage asks of data servers. */
export interface StageLoad {
  readonly stage: number;
  readonly patchSize: Zyx;
  /** Samples of a batch, over all ranks of a training. */
  readonly batchSize: number;
  /** Bytes of a batch, over all ranks. */
  readonly batchBytes: number;
  /** Milliseconds of a training step. */
  readonly stepMs: number;
  readonly cost: BatchCost;
}

/** Who trains at the same time. */
export interface Trainers {
  readonly gpus: number;
  /** GPUs of one training, which share every batch. */
  readonly ranks: number;
  /** Trainings with one order of data (one run digest), which a server cuts for once. */
  readonly sameOrder: number;
}

/** What one data server has. */
export interface ServerMachine {
  readonly processors: number;
  readonly gbitPerSecond: number;
}

/** What a fleet must have most of: `cut` processors, `carry` threads that send (one a server), or `network`. */
export type Need = "cut" | "carry" | "network";

export interface StageNeed extends Omit<StageLoad, "cost">, BatchCost {
  /** Of all trainings. */
  readonly batchesPerSecond: number;
  /** In use, over all servers. */
  readonly processors: number;
  readonly gbitPerSecond: number;
  /** Data servers of all fleets. */
  readonly servers: number;
  readonly limit: Need;
}

/** Bytes that a data server should have. */
export interface ServerMemory {
  /** All volumes of the data set; absent where that is not known. */
  readonly volumes?: number;
  /** To make patches in. */
  readonly workspaces: number;
  readonly batches: number;
  /** The process itself. */
  readonly process: number;
}

export interface FleetSize {
  readonly trainings: number;
  /** Groups of trainers with data servers of their own. */
  readonly fleets: number;
  readonly serversOfAFleet: number;
  readonly servers: number;
  readonly memory: ServerMemory;
  readonly stages: readonly StageNeed[];
}

/** A server is busy for so much of the time at most, so that a batch is there before it is asked for. */
export const BUSY = 0.7;
/** A server takes 256 streams; every trainer has one to each server of its fleet, and in validation two. */
export const TRAINERS_OF_A_SERVER = 128;
/** What a stream has in a server's memory: two batches ahead of the wire, and the one on it. */
const BATCHES_OF_A_STREAM = 3;
/** Batches that a client wants ahead, from all servers together. */
const CREDIT_BATCHES = 8;
/** Bytes of a workspace for each voxel of a patch. */
const WORKSPACE_BYTES_A_VOXEL = 12;
/** What a server took beyond its budgets at most, with four workers. */
const PROCESS_BYTES = 130 * 2 ** 20;

/** What a fleet of `servers` must do at a stage. */
interface Demand {
  readonly servers: number;
  readonly trainings: number;
  readonly sameOrder: number;
}

/**
 * Processors in use for `trainings` at a stage. Servers share no cuts with each other, and any of them may be asked for a step: of
 * trainings with one order, each of at most as many servers cuts the batch once.
 */
export function processorsInUse(
  { stepMs, cost: { cutMs, carryMs } }: Pick<StageLoad, "stepMs" | "cost">,
  { servers, trainings, sameOrder }: Demand,
): number {
  const cutsOfABatch = Math.min(sameOrder, servers) / sameOrder;
  return (trainings / stepMs) * (cutsOfABatch * cutMs + carryMs);
}

/** How full a fleet is in each respect; above 1 it is too small. */
function fill(load: StageLoad, demand: Demand, machine: ServerMachine): Readonly<Record<Need, number>> {
  const { servers, trainings } = demand;
  const carrying = (trainings / load.stepMs) * load.cost.carryMs;
  return {
    cut: processorsInUse(load, demand) / (BUSY * servers * machine.processors),
    carry: carrying / (BUSY * servers),
    network: gbits(load, trainings) / (BUSY * servers * machine.gbitPerSecond),
  };
}

/** Gbit/s of the batches of `trainings`. */
function gbits({ stepMs, batchBytes }: StageLoad, trainings: number): number {
  return (8 * batchBytes * trainings) / stepMs / 1e6;
}

/** The fewest servers of a fleet that are busy for no more than `BUSY` of the time, and what decides it. */
function serversFor(load: StageLoad, demand: Omit<Demand, "servers">, machine: ServerMachine) {
  for (let servers = 1; ; servers++) {
    const filled = fill(load, { ...demand, servers }, machine);
    const needs = Object.entries(filled) as [Need, number][];
    const [first] = needs.sort(([, a], [, b]) => b - a) as [[Need, number]];
    if (first[1] <= 1) return { servers, limit: first[0] };
  }
}

/**
 * Data servers for trainers that all train at the same stage, at every stage, and the memory of a server. `volumeBytes`: all volumes of the
 * data set. The trainers are divided into as many fleets as `TRAINERS_OF_A_SERVER` asks for.
 */
export function fleetSize(
  loads: readonly StageLoad[],
  { gpus, ranks, sameOrder }: Trainers,
  machine: ServerMachine,
  volumeBytes?: number,
): FleetSize {
  const trainings = gpus / ranks;
  const fleets = Math.ceil(gpus / TRAINERS_OF_A_SERVER);
  const ofAFleet = Math.ceil(trainings / fleets);
  const demand = { trainings: ofAFleet, sameOrder: Math.min(sameOrder, ofAFleet) };
  const stages = loads.map((load): StageNeed => {
    const { cost, ...about } = load;
    const { servers, limit } = serversFor(load, demand, machine);
    return {
      ...about,
      ...cost,
      batchesPerSecond: (1e3 * trainings) / load.stepMs,
      processors: processorsInUse(load, { servers, trainings, sameOrder: demand.sameOrder }),
      gbitPerSecond: gbits(load, trainings),
      servers: fleets * servers,
      limit,
    };
  });
  const servers = Math.max(...stages.map((stage) => stage.servers));
  const serversOfAFleet = servers / fleets;
  const memory = serverMemory(loads, { ...demand, servers: serversOfAFleet }, machine, volumeBytes);
  return { trainings, fleets, serversOfAFleet, servers, memory, stages };
}

function serverMemory(
  loads: readonly StageLoad[],
  { servers, trainings, sameOrder }: Demand,
  { processors }: ServerMachine,
  volumeBytes: number | undefined,
): ServerMemory {
  const largestPatch = Math.max(...loads.map(({ patchSize }) => voxelCount(patchSize)));
  const largestBatch = Math.max(...loads.map(({ batchBytes }) => batchBytes));
  const batches = Math.min(BATCHES_OF_A_STREAM, Math.ceil(CREDIT_BATCHES / servers));
  return {
    ...(volumeBytes !== undefined && { volumes: volumeBytes }),
    workspaces: WORKSPACE_BYTES_A_VOXEL * largestPatch * processors,
    batches: Math.ceil(trainings / sameOrder) * batches * largestBatch,
    process: PROCESS_BYTES,
  };
}
