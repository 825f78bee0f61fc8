import { setTimeout } from "node:timers/promises";
import type { Carrier, DataClient, DatasetInfo, RunInfo, StageDecision } from "../../client/index.js";
import { percentile } from "../../loader/index.js";
import type { ResolvedSpec } from "../../plan/index.js";
import { runOfFewCases } from "./hold-volumes.js";
import type { Rounds } from "./time-parts.js";

/** What is measured: passes of at least `passMs` at a stage, some with a consumer that takes `stepMs` per batch. */
export interface StageTrial {
  readonly spec: ResolvedSpec;
  readonly dataset: DatasetInfo;
  readonly stage: number;
  readonly stepMs: number;
  readonly passMs: number;
  /** Makes every data server hold the volumes that a run trains on. */
  hold(spec: ResolvedSpec): Promise<void>;
  /** Called after each pass. */
  onPass(): void;
}

/** Three remain when the highest and the lowest are dropped. */
const ROUNDS = 5;

/** Passes that a stage takes, with a step to emulate or without. */
export const passesOf = (stepMs: number): number => 1 + ROUNDS * (stepMs > 0 ? 6 : 5);

/** A pass of slow batches ends when it has seen this many intervals. */
const FEWEST_INTERVALS = 4;

/** Enough steps for all passes at any stage: the most that a spec may have per epoch, and in total. */
const MANY_STEPS = { anEpoch: 100_000, inAll: 2 ** 32 - 1 };

/**
 * Five rounds; in each, one pass of every kind, and no step is asked for twice. The kinds: any cases; cases whose volumes are
 * held; the same without augmentation; the same, one batch at a time; and, with a step to emulate, any cases for a consumer
 * that takes this step. One pass before the rounds lets a server that has just started read what it reads first. Also says what carried
 * the batches.
 */
export async function measureStage(
  client: DataClient,
  { spec, dataset, stage, stepMs, passMs, hold, onPass }: StageTrial,
): Promise<{ readonly rounds: Rounds; readonly carrier: Carrier }> {
  const few = runOfFewCases(spec, dataset, stage);
  const open = async (of: ResolvedSpec) => {
    const stepsPerEpoch = Math.min(MANY_STEPS.anEpoch, MANY_STEPS.inAll / spec.epochs);
    const info = await client.describeRun({ ...of, stepsPerEpoch });
    return new StagePasses(client, info, { stage, passMs });
  };
  const any = await open(spec);
  const held = await open(few);
  const unaugmented = await open({ ...few, augmentation: [] });
  const rounds = {
    ...{ fresh: [] as number[], hot: [] as number[], plain: [] as number[] },
    ...{ cutAlone: [] as number[], carryAlone: [] as number[], utilisation: [] as number[] },
  };
  const told = async <Measured>(pass: Promise<Measured>): Promise<Measured> => {
    const measured = await pass;
    onPass();
    return measured;
  };
  const { carrier } = await told(any.stream());
  for (let round = 0; round < ROUNDS; round++) {
    rounds.fresh.push((await told(any.stream())).intervalMs);
    await hold(few);
    rounds.hot.push((await told(held.stream())).intervalMs);
    rounds.plain.push((await told(unaugmented.stream())).intervalMs);
    rounds.cutAlone.push(await told(held.cutAlone()));
    rounds.carryAlone.push(await told(held.carryAlone()));
    if (stepMs > 0) rounds.utilisation.push((await told(any.stream(stepMs))).utilisation);
  }
  return { rounds: { stepMs, ...rounds }, carrier };
}

/** One pass: milliseconds between batches, the consumer's share of the time, and what carried the batches. */
interface StreamPass {
  readonly intervalMs: number;
  readonly utilisation: number;
  readonly carrier: Carrier;
}

/** Passes over the steps of one run, all at one stage whatever its schedule says. */
class StagePasses {
  readonly #client: DataClient;
  readonly #info: RunInfo;
  readonly #stage: number;
  readonly #passMs: number;
  #firstFresh = 0;

  constructor(client: DataClient, info: RunInfo, { stage, passMs }: Pick<StageTrial, "stage" | "passMs">) {
    this.#client = client;
    this.#info = info;
    this.#stage = stage;
    this.#passMs = passMs;
  }

  /** Streams the next steps to a consumer that takes `stepMs` per batch; time runs from the arrival of the first. */
  async stream(stepMs = 0): Promise<StreamPass> {
    const from = this.#firstFresh;
    await using run = await this.#client.openRun(this.#info.specBytes);
    let carrier: Carrier = "grpc";
    let [intervals, startMs, totalMs, consumedMs] = [0, 0, 0, 0];
    for await (using batch of run.batches({ from, decisions: this.#decisionsFrom(from) })) {
      const takenMs = performance.now();
      const { step } = batch;
      carrier = batch.carrier;
      if (step === from) startMs = takenMs;
      intervals = step - from;
      totalMs = takenMs - startMs;
      if (intervals >= FEWEST_INTERVALS && totalMs >= this.#passMs) break;
      if (stepMs > 0) await setTimeout(stepMs);
      consumedMs += performance.now() - takenMs;
    }
    this.#firstFresh = run.firstUnwanted;
    return { intervalMs: totalMs / intervals, utilisation: consumedMs / totalMs, carrier };
  }

  /**
   * Milliseconds until a batch that is asked for alone has been cut (median): its header is sent then, and two calls (one asks for the
   * run, one for the batch) lie before that.
   */
  async cutAlone(): Promise<number> {
    const { specBytes } = this.#info;
    const cut: number[] = [];
    const endMs = performance.now() + this.#passMs;
    while (cut.length < FEWEST_INTERVALS || performance.now() < endMs) {
      const askedMs = performance.now();
      await this.#client.describeRun(specBytes);
      const callMs = performance.now() - askedMs;
      const address = { step: this.#firstFresh++, stage: this.#stage };
      using batch = await this.#client.getBatch(specBytes, address);
      cut.push(Math.max(0, batch.waitedMs - batch.carriedMs - 2 * callMs));
    }
    return percentile(cut, 50);
  }

  /** Milliseconds from the header of a batch to its last byte (median), on a stream that carries one batch at a time. */
  async carryAlone(): Promise<number> {
    const from = this.#firstFresh;
    const carry: number[] = [];
    await using run = await this.#client.openRun(this.#info.specBytes, { creditBatches: 1 });
    const endMs = performance.now() + this.#passMs;
    for await (using batch of run.batches({ from, decisions: this.#decisionsFrom(from) })) {
      carry.push(batch.carriedMs);
      if (carry.length >= FEWEST_INTERVALS && performance.now() >= endMs) break;
    }
    this.#firstFresh = run.firstUnwanted;
    return percentile(carry, 50);
  }

  #decisionsFrom(fromStep: number): readonly StageDecision[] {
    return [{ stage: this.#stage, fromStep, reason: "doctor", hold: true }];
  }
}
