import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { callUnary } from "../../../rpc/index.js";
import {
  channelTo,
  collect,
  lastState,
  oneStageRun,
  resume,
  sampleStore,
  serving,
  start,
  temporaryFolder,
  trainerIn,
  watch,
} from "../processes.js";

test("a training is not resumed with another optimiser than the checkpoint's, and goes on with its own", async (t) => {
  const { store, cases } = await sampleStore(t, 2);
  const data = await serving(t, "serve", store, "--workers", "1");
  const runs = temporaryFolder(t);
  const first = await trainerIn(t, runs);
  const before = channelTo(t, first);
  const training = await start(before, data, oneStageRun(cases));
  for await (const event of watch(before, training)) if (event.kind === "checkpoint") break;
  await callUnary(before, "TrainerService", "stopTraining", { training });
  await first.end();

  const file = join(runs, training, "run.json");
  const written = readFileSync(file, "utf8");
  writeFileSync(file, written.replace('"momentum":0.9', '"optimizer":"adamw"'));
  const second = await trainerIn(t, runs);
  await t.throwsAsync(resume(channelTo(t, second), training), {
    message: /training\.optimizer is "adamw"; it must be sgd, whose state the checkpoint holds.*run\.json/,
  });
  await second.end();

  writeFileSync(file, written);
  const third = channelTo(t, await trainerIn(t, runs));
  await resume(third, training);
  t.is(lastState(await collect(watch(third, training)))?.state, "TRAINING_STATE_DONE");
});
