import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { compare } from "../../../cli/demo/compare.js";
import { withSample } from "../../../cli/demo/sample.js";
import { patchstream } from "../command.js";

test("both trainings go through their whole schedule, constant for at least the steps that its time allows", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-compare-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const words: string[] = [];
  const onTraining = (what: string) => {
    words.push(what);
    return () => undefined;
  };
  const { signal } = new AbortController();
  const training = { baseFeatures: 1, learningRate: 0.1, momentum: 0.9 };
  const { constant, performance } = await withSample(folder, signal, (sample, train) =>
    compare(sample, train, { seconds: 20, training, onTraining }),
  );
  t.is(performance.stages.length, 15);
  t.deepEqual(performance.stages.at(-1)?.patchSize, constant.stages[0]?.patchSize);
  t.is(constant.stages.length, 1);
  for (const trained of [constant, performance]) {
    t.is(trained.points.length, 15);
    t.is(trained.points.at(-1)?.steps, trained.steps);
    t.is(trained.cases.length, 4);
    const steps = trained.stages.flatMap(({ stepSeconds }) => stepSeconds);
    t.is(steps.length, trained.steps);
    t.true(Math.abs(steps.reduce((sum, step) => sum + step, 0) - trained.seconds) < 1e-6);
    t.is(trained.points.at(-1)?.seconds, trained.seconds);
    t.is(trained.stages.at(-1)?.toSeconds, trained.seconds);
  }
  t.deepEqual(words.slice(1), [`performance: ${performance.steps} steps`, `constant: ${constant.steps} steps`]);
});

test("a budget and a picture belong to the comparison", async (t) => {
  t.is((await patchstream("demo", "--seconds", "60")).code, 2);
  t.is((await patchstream("demo", "--svg", "compare.svg")).code, 2);
  t.is((await patchstream("demo", "--compare", "--seconds", "0")).code, 2);
});
