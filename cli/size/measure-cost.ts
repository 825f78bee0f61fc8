import { connect, type DataClient, type DataSpecInput, type RunInfo } from "../../client/index.js";
import { allVolumeBytes } from "../all-volume-bytes.js";
import { startServer } from "../child-server.js";
import type { BatchCost } from "./batch-cost.js";
import { readProcessorMs } from "./processor-time.js";

/** Streams of one order beside one stream: what the others cost is carrying. */
const CROWD = 4;
/** Time of a pass of one stream. */
const PASS_MS = 1_000;
const FEWEST_STEPS = 8;
const MOST_STEPS = 500;
/** A spec's most steps per epoch, and in total. */
const MANY_STEPS = { anEpoch: 100_000, inAll: 2 ** 32 - 1 };

/** A run, and what each of its stages costs a data server on this machine. */
export interface MeasuredRun {
  readonly info: RunInfo;
  /** Of a stage's batch, by stage. */
  readonly costs: readonly BatchCost[];
  readonly bytes: readonly number[];
  /** What all volumes of the data set take. */
  readonly volumeBytes: number;
}

/** Who is asked, and told, while it is measured. */
export interface Watch {
  /** Asked before the time is spent: throws where the run will not do. */
  readonly check: (info: RunInfo) => void;
  /** Hears how many of all stages are measured. */
  readonly tell: (done: number, total: number) => void;
}

/**
 * Starts a data server of a store (`serve`'s arguments for it) and takes its processor time for batches of each stage: for one stream, then for four of
 * one order. The difference is carrying. About 4 seconds a stage.
 */
export async function measureCost(
  store: readonly string[],
  data: DataSpecInput,
  { check, tell }: Watch,
): Promise<MeasuredRun> {
  await using server = await startServer(["serve", ...store, "--metrics-port", "0"]);
  await using client = connect(server.address);
  const { spec } = await client.describeRun(data);
  const stepsPerEpoch = Math.min(MANY_STEPS.anEpoch, Math.floor(MANY_STEPS.inAll / spec.epochs));
  const info = await client.describeRun({ ...spec, stepsPerEpoch });
  check(info);
  const passes = new Passes(client, info, server.metrics);
  const costs: BatchCost[] = [];
  for (const stage of spec.stages.keys()) {
    tell(stage, spec.stages.length);
    costs.push(await passes.costOf(stage));
  }
  tell(spec.stages.length, spec.stages.length);
  const bytes = info.train.stages.map(({ shares }) => shares[0]?.byteLength ?? 0);
  return { info, costs, bytes, volumeBytes: allVolumeBytes(await client.describeDataset()) };
}

/** Passes over steps of one run that were not asked for before. */
class Passes {
  readonly #client: DataClient;
  readonly #info: RunInfo;
  readonly #metrics: string;
  #next = 0;

  constructor(client: DataClient, info: RunInfo, metrics: string) {
    this.#client = client;
    this.#info = info;
    this.#metrics = metrics;
  }

  async costOf(stage: number): Promise<BatchCost> {
    const beganMs = performance.now();
    await this.#pass(stage, FEWEST_STEPS, 1); // volumes are read, code is compiled
    const stepMs = (performance.now() - beganMs) / FEWEST_STEPS;
    const steps = Math.min(MOST_STEPS, Math.max(FEWEST_STEPS, Math.ceil(PASS_MS / stepMs)));
    const one = await this.#pass(stage, steps, 1);
    const crowd = await this.#pass(stage, steps, CROWD);
    const carryMs = Math.max(0, (crowd - one) / (CROWD - 1));
    return { cutMs: Math.max(0, one - carryMs), carryMs };
  }

  /** Processor milliseconds of the server for each of `steps` steps, taken by so many streams side by side. */
  async #pass(stage: number, steps: number, streams: number): Promise<number> {
    const [from, to] = [this.#next, this.#next + steps];
    this.#next = to;
    const before = await readProcessorMs(this.#metrics);
    const decisions = [{ stage, fromStep: from, reason: "size", hold: true }];
    const runs = await Promise.all(Array.from({ length: streams }, () => this.#client.openRun(this.#info.specBytes)));
    try {
      const taken = runs.map((run) => run.batches({ from, to, decisions })[Symbol.asyncIterator]());
      for (let step = from; step < to; step++)
        for (const { value } of await Promise.all(taken.map((batches) => batches.next()))) value?.[Symbol.dispose]();
    } finally {
      await Promise.all(runs.map((run) => run[Symbol.asyncDispose]()));
    }
    return ((await readProcessorMs(this.#metrics)) - before) / steps;
  }
}
