import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { MODES, type Mode, PAPER_DATASETS, planStages } from "../../plan/index.js";
import { ownStrategy } from "../../study/report/view.js";
import type { RunResult, StudyDataset, StudyPoint } from "../../study/run-result.js";

const EPOCHS = 60;

export const POINT: StudyPoint = {
  dataset: "MSD Hippocampus",
  network: "plain-unet",
  method: "constant",
  strategy: "nnunet",
  mirroring: true,
  fold: 0,
  length: 100,
  seed: 0,
};

/** A point with its method's own batch strategy. */
export function pointOf(of: Partial<StudyPoint>): StudyPoint {
  const point = { ...POINT, ...of };
  return { ...point, strategy: of.strategy ?? ownStrategy(point.method) ?? POINT.strategy };
}

export function datasetOf(name: string, of: Partial<StudyDataset> = {}): StudyDataset {
  const isPrinted = PAPER_DATASETS.some((dataset) => dataset.name === name);
  const own = { name, cases: 20, classes: ["a", "b"], patchCoverage: 0.4, smallestClassShare: 0.01 };
  return { ...own, ...(isPrinted && { paper: name }), ...of };
}

/** Numbers from 0 to 1 that depend on `key` alone: a made study has the same results each time. */
function drawsOf(key: string): () => number {
  let state = [...key].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 16777619), 2166136261);
  return () => {
    state = Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

const GAIN: ReadonlyMap<string, number> = new Map([
  ["efficiency", -0.002],
  ["performance", 0.02],
  ["rpss", 0.005],
  ["progressive-resolution", -0.03],
]);

/** A run as a real one of this point might end: stages are the method's own, Dice follows a formula with noise. */
export function madeRun(
  of: Partial<StudyPoint>,
  { cases = 8, outcome = "finished" as RunResult["outcome"] } = {},
): RunResult {
  const point = pointOf(of);
  const draw = drawsOf(JSON.stringify(point));
  const perEpoch = Math.max(1, Math.round(point.length / 10));
  const { plan } =
    PAPER_DATASETS.find(({ name }) => name === point.dataset) ?? (PAPER_DATASETS[3] as (typeof PAPER_DATASETS)[number]);
  const mode: Mode = MODES.find((known) => known === point.method) ?? "constant";
  const options = { plan, epochs: EPOCHS, foregroundFraction: 0.33, budgetFraction: 1, rounding: "floor" as const };
  const level =
    0.8 - 0.4 / Math.sqrt(point.length) + (GAIN.get(point.method) ?? 0) + (point.network === "plain-unet" ? 0 : 0.01);
  const stages = planStages(mode, options).map(({ patchSize, batchSize, epochs }, stage, all) => ({
    stage,
    patchSize,
    batchSize,
    steps: epochs * perEpoch,
    stepSeconds: epochs * perEpoch * 1e-6 * batchSize * patchSize.reduce((a, b) => a * b) * (1 + 0.05 * draw()),
    waitingSeconds: 0.1 * draw(),
    flops: 0,
    foregroundShare: 0.3 - (0.2 * (stage + 1)) / all.length,
    classesPerStep: mode === "performance" ? 2 : 1 + (stage + 1) / all.length,
  }));
  const trainingSeconds = stages.reduce(
    (sum, { stepSeconds, waitingSeconds }) => sum + stepSeconds + waitingSeconds,
    0,
  );
  const classes = ["a", "b"];
  const heldOut = Array.from({ length: cases }, (_, i) => ({
    case: `case-${point.fold}-${String(i).padStart(2, "0")}`,
    dice: classes.map((_, c) => Math.min(1, Math.max(0, level + 0.05 * c + 0.1 * (draw() - 0.5)))),
  }));
  const dice = classes.map((_, c) => heldOut.reduce((sum, one) => sum + (one.dice[c] ?? 0), 0) / cases);
  const epochs = Array.from({ length: EPOCHS }, (_, epoch) => ({
    epoch,
    steps: (epoch + 1) * perEpoch,
    seconds: (trainingSeconds * (epoch + 1)) / EPOCHS,
    loss: 1 - epoch / EPOCHS,
    pseudoDice: Math.max(0, level * (1 - Math.exp(-(epoch + 1) / 12)) + 0.01 * draw()),
  }));
  const ended = { point, classes, stages, trainingSeconds, engine: "onnx on cpu" };
  if (outcome === "diverged")
    return { ...ended, outcome, message: "the loss is NaN", cases: [], dice: [], meanDice: 0, epochs: [] };
  return {
    ...ended,
    outcome,
    cases: heldOut,
    dice,
    meanDice: dice.reduce((sum, one) => sum + one, 0) / dice.length,
    epochs,
  };
}

/** A run of which nothing but its Dice is known, as of a printed table. */
export function printedRun(of: Partial<StudyPoint>, dicePercent: number): RunResult {
  const meanDice = dicePercent / 100;
  const none = { cases: [], stages: [], epochs: [], trainingSeconds: 0 };
  return {
    point: pointOf(of),
    outcome: "finished",
    classes: ["all"],
    dice: [meanDice],
    meanDice,
    engine: "printed",
    ...none,
  };
}

/** Every combination of the values, with their methods' own strategies. */
export function pointsOf(
  values: { readonly [Field in keyof StudyPoint]?: readonly StudyPoint[Field][] },
): StudyPoint[] {
  return Object.entries(values)
    .reduce<Partial<StudyPoint>[]>(
      (points, [field, some]) => points.flatMap((point) => some.map((value) => ({ ...point, [field]: value }))),
      [{}],
    )
    .map(pointOf);
}

/** Writes the folder that a study leaves; `store` is where its document says that the data lies. */
export function writeStudy(
  folder: string,
  datasets: readonly StudyDataset[],
  runs: readonly RunResult[],
  store = "store",
): void {
  const write = (name: string, value: unknown) => writeFileSync(join(folder, name), JSON.stringify(value));
  write("study.json", { datasets: [{ name: "made", store }], methods: ["constant"] });
  write("datasets.json", datasets);
  for (const [index, run] of runs.entries()) {
    mkdirSync(join(folder, "runs", `run-${index}`), { recursive: true });
    write(join("runs", `run-${index}`, "result.json"), run);
  }
}
