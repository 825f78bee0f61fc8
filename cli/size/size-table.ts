import { alignColumns, sizeText } from "../columns.js";
import { STATED_FROM } from "./batch-cost.js";
import {
  BUSY,
  type FleetSize,
  type Need,
  type ServerMachine,
  TRAINERS_OF_A_SERVER,
  type Trainers,
} from "./fleet-size.js";

/** What was asked, and where the costs come from. */
export interface Asked {
  readonly trainers: Trainers;
  readonly machine: ServerMachine;
  readonly source: "stated" | "measured";
}

const NEEDS: Readonly<Record<Need, string>> = {
  cut: "cutting",
  carry: "carrying",
  network: "network",
};

const GIB = 2 ** 30;

/** The table that `patchstream size` prints, and what follows from it. */
export function sizeTable(fleet: FleetSize, { trainers, machine, source }: Asked): string {
  const { stages, trainings, fleets, serversOfAFleet, servers, memory } = fleet;
  const header = [
    "stage",
    "patch",
    "batch",
    "step",
    "batches/s",
    "cut",
    "carry",
    "processors",
    "Gbit/s",
    "servers",
    "",
  ];
  const rows = stages.map((row) => [
    `${row.stage}`,
    sizeText(row.patchSize),
    `${row.batchSize}`,
    figure(row.stepMs),
    figure(row.batchesPerSecond),
    figure(row.cutMs),
    figure(row.carryMs),
    figure(row.processors),
    figure(row.gbitPerSecond),
    `${row.servers}`,
    NEEDS[row.limit],
  ]);
  const { volumes, workspaces, batches, process } = memory;
  const known = workspaces + batches + process;
  const parts = [
    ...(volumes === undefined ? [] : [`all volumes ${gib(volumes)}`]),
    `batches ${gib(batches)} (--slot-budget)`,
    `patches in the making ${gib(workspaces)}`,
    `the process ${gib(process)}`,
  ];
  return [
    alignColumns([header, ...rows], [10]),
    "step, cut and carry in milliseconds; processors and Gbit/s are in use over all servers\n\n",
    `${counted(trainings, "training")} on ${counted(trainers.gpus, "GPU")}: ${counted(servers, "data server")} of ${machine.processors} processors and ${machine.gbitPerSecond} Gbit/s`,
    fleets === 1
      ? "\n"
      : `, in ${fleets} fleets of ${serversOfAFleet} with a name each\n(a server takes ${TRAINERS_OF_A_SERVER} trainers, and every trainer is connected to each server of its fleet)\n`,
    `a server is busy for at most ${100 * BUSY} % of the time; one more lets one fail without a wait\n`,
    `memory of a server: ${gib(known + (volumes ?? 0))}${volumes === undefined ? " and all volumes of the data set" : ""}: ${parts.join(", ")}\n`,
    source === "measured"
      ? "costs: measured on this machine\n"
      : `costs: as on ${STATED_FROM}; --store and --run measure yours\n`,
  ].join("");
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** Three digits, more before the point. */
function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(value >= 1 ? 3 : 2);
}

function gib(bytes: number): string {
  return `${(bytes / GIB).toFixed(1)} GiB`;
}
