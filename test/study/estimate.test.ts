import test from "ava";
import type { RunResult } from "../../study/run-result.js";
import { paceOfRuns, type RunCost, secondsOf, stepLine } from "../../study/spec/estimate.js";

/** Of a machine on which a step takes 0.1 s and a second for 1000 operations, and a forward operation twice as long. */
const stepSeconds = (operations: number) => 0.1 + operations / 1000;
const forwardSeconds = (operations: number) => (2 * operations) / 1000;

const sizes = [10, 200, 3000];

function doneRun(network: string, steps: readonly number[], forward: number, changes: Partial<RunResult> = {}) {
  const cost: RunCost = { stages: sizes.map((operations, i) => ({ steps: steps[i] ?? 0, operations })), forward };
  const stages = steps.map((count, stage) => ({
    stage,
    patchSize: [8, 8, 8] as const,
    batchSize: 2,
    steps: count,
    stepSeconds: count * stepSeconds(sizes[stage] ?? 0) * 0.9,
    waitingSeconds: count * stepSeconds(sizes[stage] ?? 0) * 0.1,
    flops: 0,
  }));
  const point = { dataset: "d", network, method: "m", strategy: "s", mirroring: true, fold: 0, length: 1, seed: 1 };
  const trainingSeconds = stages.reduce((sum, one) => sum + one.stepSeconds + one.waitingSeconds, 0);
  const result: RunResult = {
    point,
    outcome: "finished",
    classes: [],
    cases: [],
    dice: [],
    meanDice: 0.5,
    stages,
    epochs: [],
    trainingSeconds,
    forwardSeconds: forwardSeconds(forward),
    engine: "onnx",
    ...changes,
  };
  return { result, cost };
}

const near = (t: { true(is: boolean, message: string): unknown }, got: number | undefined, want: number) =>
  t.true(got !== undefined && Math.abs(got / want - 1) < 1e-9, `${got} for ${want}`);

test("from runs of large patches and of small ones alike, the time of any run follows, evaluation among it", (t) => {
  const pace = paceOfRuns([doneRun("net", [50, 40, 10], 9000)], ["net"]);
  if (pace === undefined) return t.fail();
  for (const steps of [
    [1000, 0, 0],
    [0, 0, 20],
    [5, 6, 7],
  ]) {
    const { result, cost } = doneRun("net", steps, 500);
    const seconds = secondsOf(cost, "net", pace);
    near(t, seconds?.training, result.trainingSeconds);
    near(t, seconds?.whole, result.trainingSeconds + forwardSeconds(500));
  }
});

test("a network without a run has the pace of the others, and a result that does not tell its validation that of training", (t) => {
  const { result, cost } = doneRun("net", [50, 40, 10], 9000);
  const { forwardSeconds: _, ...older } = result;
  const pace = paceOfRuns([{ result: older, cost }], ["net", "other"]);
  t.deepEqual(pace?.networks.get("other"), pace?.networks.get("net"));
  near(t, pace?.networks.get("net")?.forwardSecondsPerOperation, 1 / 1000);
});

test("without a run that finished there is no pace", (t) => {
  t.is(paceOfRuns([], ["net"]), undefined);
  t.is(paceOfRuns([doneRun("net", [1], 1, { outcome: "diverged" })], ["net"]), undefined);
});

test("steps of one size, and larger steps that took less, put all on the operations", (t) => {
  t.deepEqual(stepLine([{ steps: 4, operations: 100, seconds: 2 }]), { stepSeconds: 0, secondsPerOperation: 0.02 });
  const falling = [
    { steps: 1, operations: 100, seconds: 3 },
    { steps: 1, operations: 300, seconds: 1 },
  ];
  t.deepEqual(stepLine(falling), { stepSeconds: 0, secondsPerOperation: 0.01 });
});
