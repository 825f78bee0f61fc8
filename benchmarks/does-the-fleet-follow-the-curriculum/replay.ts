import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { DataSpecInput } from "../../client/index.js";
import { LocalFleet } from "./fleet.js";
import { HorizontalAutoscaler } from "./horizontal-autoscaler.js";
import { askScaler } from "./keda-client.js";
import type { TakenStep, TrainerOrder } from "./trainer.js";

const TRAINER = fileURLToPath(new URL("trainer.js", import.meta.url));

export interface ReplayOptions {
  readonly store: string;
  readonly data: DataSpecInput;
  readonly stepMs: number;
  /** Of a server that serves. */
  readonly processors: number;
  readonly mostServers: number;
  /** How many there are; undefined: as KEDA and the autoscaler have it. */
  readonly fixed: number | undefined;
  readonly pollMs: number;
  readonly scaleDownSeconds: number;
}

/** How one stage of a replay went. */
export interface ReplayedStage {
  readonly patchSize: readonly number[];
  readonly samples: number;
  readonly seconds: number;
  /** Time trained over time, 0 to 1: of the whole stage, and of what came after its first seconds. */
  readonly utilisation: number;
  readonly laterUtilisation: number;
  /** Servers, a mean over the stage's time. */
  readonly servers: number;
}

export interface Replay {
  readonly stages: readonly ReplayedStage[];
  /** Of all servers, starts included. */
  readonly processorSeconds: number;
  /** Time of all servers: what they are paid for. */
  readonly serverSeconds: number;
}

/** What a stage's first seconds are. */
export const FIRST_SECONDS = 5;

interface Moment extends TakenStep {
  readonly atMs: number;
  readonly servers: number;
}

/** A trainer takes the whole run, from servers whose number is fixed or follows. */
export async function replay(options: ReplayOptions): Promise<Replay> {
  const { store, data, stepMs, processors, mostServers, fixed, pollMs, scaleDownSeconds } = options;
  await using fleet = await LocalFleet.open(store, processors, mostServers);
  fleet.become(fixed ?? 1);
  await fleet.ready();
  const order: TrainerOrder = { data, stepMs, addresses: fleet.addresses };
  const trainer = spawn(process.execPath, [TRAINER, JSON.stringify(order)], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(trainer, "close");
  const moments: Moment[] = [];
  createInterface(trainer.stdout).on("line", (line) => {
    moments.push({ ...(JSON.parse(line) as TakenStep), atMs: performance.now(), servers: fleet.size });
  });
  const autoscaler = new HorizontalAutoscaler({ minReplicas: 1, maxReplicas: mostServers, scaleDownSeconds });
  let [asked, isAsking] = [0, false];
  const poll = async () => {
    if (isAsking) return;
    isAsking = true;
    const current = fleet.size;
    const scaler = await fleet.scaler(asked++);
    const answer = scaler === undefined ? undefined : await askScaler(scaler);
    fleet.become(autoscaler.replicas(performance.now() / 1e3, current, answer?.metric, answer?.target ?? 0));
    isAsking = false;
  };
  const polling = fixed === undefined ? setInterval(() => void poll(), pollMs) : undefined;
  try {
    const [code] = await ended;
    if (code !== 0) throw new Error(`the trainer ended with ${code}`);
  } finally {
    clearInterval(polling);
    trainer.kill();
  }
  return {
    stages: [...new Set(moments.map(({ stage }) => stage))].map((stage) =>
      stageOf(moments.filter((one) => one.stage === stage)),
    ),
    processorSeconds: fleet.processorSeconds,
    serverSeconds: sum(moments, (one) => (one.servers * tookMs(one)) / 1e3),
  };
}

const sum = <T>(list: readonly T[], of: (one: T) => number) => list.reduce((total, one) => total + of(one), 0);
const tookMs = ({ waitedMs, trainedMs }: TakenStep) => waitedMs + trainedMs;

function stageOf(moments: readonly Moment[]): ReplayedStage {
  const [first] = moments as readonly [Moment];
  const began = first.atMs - tookMs(first);
  const utilisation = (some: readonly Moment[]) => sum(some, ({ trainedMs }) => trainedMs) / sum(some, tookMs);
  return {
    patchSize: first.patchSize,
    samples: first.samples,
    seconds: sum(moments, tookMs) / 1e3,
    utilisation: utilisation(moments),
    laterUtilisation: utilisation(moments.filter(({ atMs }) => atMs - began > 1e3 * FIRST_SECONDS)),
    servers: sum(moments, (one) => one.servers * tookMs(one)) / sum(moments, tookMs),
  };
}
