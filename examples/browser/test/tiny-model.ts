import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { patchstream, startService } from "./patchstream.js";

/** A small network for patches of which the sample's images take several, mirrored along all axes. */
const RUN = {
  data: {
    dataset: "Task04_Hippocampus",
    plan: { patchSize: [24, 32, 24], batchSize: 2, pooling: [3, 3, 3] },
    epochs: 2,
    stepsPerEpoch: 20,
    valSteps: 1,
    seed: 1,
    augmentation: [{ kind: "mirror", axes: [0, 1, 2] }],
  },
  training: { baseFeatures: 8, learningRate: 0.1, momentum: 0.9 },
};

export interface TinyModel {
  /** The folder of its training. */
  readonly training: string;
  /** What `export` made of it. */
  readonly onnx: string;
}

/** Trains on the data set at `raw`, as a user does: ingest, data server, trainer, export. All lies in `folder`. */
export async function trainTinyModel(raw: string, folder: string): Promise<TinyModel> {
  const [store, runs, run, onnx] = [
    join(folder, "store"),
    join(folder, "runs"),
    join(folder, "run.json"),
    join(folder, "tiny.onnx"),
  ];
  await patchstream("ingest", raw, store, "--json");
  writeFileSync(run, JSON.stringify(RUN));
  await using data = await startService("serve", store, "--workers", "1");
  await using trainer = await startService("trainer", "--runs", runs);
  await patchstream("train", "--data", data.address, "--trainer", trainer.address, "--run", run, "--json");
  const [id = ""] = readdirSync(runs).filter((name) => !name.startsWith(".")); // not its lock
  const training = join(runs, id);
  await patchstream("export", training, onnx, "--to", "onnx");
  return { training, onnx };
}
