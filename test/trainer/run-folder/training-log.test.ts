import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { TrainingLog } from "../../../trainer/run-folder/training-log.js";

test("an epoch is one line with what nnU-Net's log says of it; a line that a crash cut off is forgotten", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-log-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const open = () => new TrainingLog(folder, () => new Date("2026-11-29T10:04:07.123Z"));
  const costs = { samples: 500, trainSeconds: 3.5, waitedSeconds: 0.5, validationSeconds: 1, secondsLeft: 3723.4 };
  const log = open();
  log.add({
    kind: "epoch",
    epoch: { epoch: 0, stepsTaken: 250, loss: 0.1, pseudoDice: [], best: false, learningRate: 0.01, ...costs },
  });
  log.add({ kind: "checkpoint", checkpoint: { step: 250, bytes: 7, kind: "CHECKPOINT_KIND_LATEST" } });
  appendFileSync(join(folder, "training-log.txt"), "2026-11-29 10:04:0");
  open().add({
    kind: "epoch",
    epoch: {
      epoch: 1,
      stepsTaken: 500,
      loss: -0.51239,
      validationLoss: -0.6,
      pseudoDice: [
        { class: 1, name: "Anterior", dice: 0.75 },
        { class: 2, name: "Posterior" },
      ],
      meanPseudoDice: 0.75,
      smoothedPseudoDice: 0.7,
      best: true,
      learningRate: 0.009_123_456,
      ...costs,
    },
  });
  t.is(
    readFileSync(join(folder, "training-log.txt"), "utf8"),
    "2026-11-29 10:04:07.123: Epoch 0: learning rate 0.01, train_loss 0.1000, Epoch time 4.50 s, 1:02:03 left\n" +
      "2026-11-29 10:04:07.123: Epoch 1: learning rate 0.009123, train_loss -0.5124, val_loss -0.6000, " +
      "Pseudo dice [0.7500, nan], EMA pseudo Dice 0.7000 (new best), Epoch time 4.50 s, 1:02:03 left\n",
  );
});
