import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { ingest } from "../../loader/index.js";
import {
  caseToLabel,
  channelTo,
  collect,
  copySample,
  oneStageRun,
  predict,
  serving,
  start,
  temporaryFolder,
  trainerIn,
  watch,
} from "./processes.js";

test("a case without a label is predicted as it is with one, and a training on it is refused by its name", async (t) => {
  const folder = temporaryFolder(t);
  const raw = join(folder, "Task04_Hippocampus");
  const [unlabelled = "", ...labelled] = copySample(raw, 3);
  const whole = join(folder, "whole");
  const partly = join(folder, "partly");
  await ingest(raw, whole, { workers: 1 });
  mkdirSync(join(raw, "imagesTs"));
  renameSync(join(raw, `imagesTr/${unlabelled}_0000.nii.gz`), join(raw, `imagesTs/${unlabelled}_0000.nii.gz`));
  rmSync(join(raw, `labelsTr/${unlabelled}.nii.gz`));
  await ingest(raw, partly, { workers: 1, unlabelled: true });

  const data = await serving(t, "serve", partly, "--workers", "1");
  const channel = channelTo(t, await trainerIn(t, join(folder, "runs")));
  const training = await start(
    channel,
    data,
    oneStageRun(labelled, { data: { stepsPerEpoch: 8 }, training: { learningRate: 0.1 } }),
  );
  await collect(watch(channel, training));
  const predicted = (address: string) => predict(channel, [caseToLabel({ training, data: address, case: unlabelled })]);
  const label = await predicted("");
  t.deepEqual(label, await predicted((await serving(t, "serve", whole, "--workers", "1")).address));
  t.true(new Set(label).size > 1, "the network tells more than background");

  await t.throwsAsync(start(channel, data, oneStageRun([...labelled, unlabelled])), {
    code: "SPEC_INVALID",
    message: new RegExp(`data.split.train\\[2\\] is "${unlabelled}"; it must be a case with a label`),
  });
});
