import { type EngineMetrics, openEngine, openStore } from "../../loader/index.js";
import { caseTable, planBatch, type ResolvedSpec, resolveSpec } from "../../plan/index.js";
import { type Figures, figures, ratios } from "../figures.js";

export interface MeasureOptions {
  readonly store: string;
  readonly plan: object;
  readonly volumeBudgetBytes: number;
  readonly augmentation: "none" | "nnunet";
  readonly workers: number;
  readonly rounds: number;
  /** Batches of each strategy a round. */
  readonly batches: number;
}

/** One strategy at one stage. */
export interface Cost {
  /** On the clock. */
  readonly batchesPerSecond: Figures;
  /** Bytes decoded from the store / bytes of the boxes that the batches' patches are. */
  readonly readAmplification: number;
}

export interface StageCost {
  readonly patchSize: readonly number[];
  readonly batchSize: number;
  readonly split: Cost;
  readonly single: Cost;
  /** Processor time of the Single-Crop batches / that of the Split-Crop batches cut right before: what a busy machine leaves comparable. */
  readonly ratio: Figures;
}

/** Batches that are cut at a time, as the server does. */
const AT_A_TIME = 2;

/** Rounds that fill the memory for volumes. */
const WARM_UP = 1;

/** Batches a second of Split-Crop and of Single-Crop by turns, at one stage, each with an engine of its own. */
export async function measureStage(options: MeasureOptions, stageOf: (stages: number) => number): Promise<StageCost> {
  const { rounds } = options;
  await using split = await openRun(options, "split-crop", stageOf);
  await using single = await openRun(options, "single-crop", stageOf);
  const times = { split: [] as Time[], single: [] as Time[] };
  for (let round = 0; round < WARM_UP + rounds; round++) {
    const time = { split: await split.cutBatches(), single: await single.cutBatches() };
    if (round < WARM_UP) continue;
    times.split.push(time.split);
    times.single.push(time.single);
  }
  const cost = ({ amplification }: Run, time: readonly Time[]): Cost => ({
    batchesPerSecond: figures(time.map(({ seconds }) => options.batches / seconds)),
    readAmplification: amplification(),
  });
  const stage = single.stage;
  return {
    patchSize: stage.patchSize,
    batchSize: stage.batchSize,
    split: cost(split, times.split),
    single: cost(single, times.single),
    ratio: ratios(
      times.single.map(({ processorSeconds }) => processorSeconds),
      times.split.map(({ processorSeconds }) => processorSeconds),
    ),
  };
}

interface Time {
  readonly seconds: number;
  readonly processorSeconds: number;
}

interface Run extends AsyncDisposable {
  readonly stage: ResolvedSpec["stages"][number];
  /** Cuts the next batches. */
  cutBatches(): Promise<Time>;
  /** Of all batches since the first `cutBatches`. */
  amplification(): number;
}

async function openRun(
  { store, plan, augmentation, volumeBudgetBytes, workers, batches }: MeasureOptions,
  strategy: string,
  stageOf: (stages: number) => number,
): Promise<Run> {
  await using opened = await openStore(store);
  const { dataset } = opened;
  const cases = caseTable(dataset);
  const data = { dataset: dataset.name, plan, mode: "performance", augmentation, strategy, split: { fold: "all" } };
  const spec = resolveSpec(data, { ...dataset, cases });
  const stage = stageOf(spec.stages.length);
  const engine = await openEngine(opened, { workers, volumeBudgetBytes });
  let step = 0;
  let before: EngineMetrics | undefined;
  const cutOnwards = async (last: number) => {
    while (step < last) {
      const lease = await engine.cut(spec, planBatch(spec, cases, { timeline: "train", step: step++, stage }));
      lease.release();
    }
  };
  return {
    stage: spec.stages[stage] as Run["stage"],
    async cutBatches() {
      const [began, beganProcessor, last] = [performance.now(), process.cpuUsage(), step + batches];
      await Promise.all(Array.from({ length: AT_A_TIME }, () => cutOnwards(last)));
      const { user, system } = process.cpuUsage(beganProcessor);
      before ??= engine.metrics;
      return { seconds: (performance.now() - began) / 1000, processorSeconds: (user + system) / 1e6 };
    },
    amplification() {
      const { decodedBytes, croppedBytes } = engine.metrics;
      return (decodedBytes - (before?.decodedBytes ?? 0)) / (croppedBytes - (before?.croppedBytes ?? 0));
    },
    [Symbol.asyncDispose]: () => engine[Symbol.asyncDispose](),
  };
}
