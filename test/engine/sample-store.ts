import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ingest } from "../../loader/dataset/ingest.js";
import { keptStore } from "./kept-store.js";

const SAMPLE = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus/", import.meta.url));
const CASES = ["hippocampus_003", "hippocampus_052", "hippocampus_060"];

/** A store of cases of the shipped sample, three where not said, at `folder`/store; its path. */
export async function makeSampleStore(folder: string, cases: readonly string[] = CASES): Promise<string> {
  return keptStore(`sample-${cases.join("-")}`, folder, (making) => ingestSample(making, cases));
}

async function ingestSample(folder: string, cases: readonly string[]): Promise<string> {
  const raw = join(folder, "Task04_Hippocampus");
  await mkdir(join(raw, "imagesTr"), { recursive: true });
  await mkdir(join(raw, "labelsTr"));
  for (const id of cases) {
    await cp(join(SAMPLE, "imagesTr", `${id}_0000.nii.gz`), join(raw, "imagesTr", `${id}_0000.nii.gz`));
    await cp(join(SAMPLE, "labelsTr", `${id}.nii.gz`), join(raw, "labelsTr", `${id}.nii.gz`));
  }
  const dataset = {
    channel_names: { "0": "MRI" },
    labels: { background: 0, Anterior: 1, Posterior: 2 },
    numTraining: cases.length,
    file_ending: ".nii.gz",
  };
  await writeFile(join(raw, "dataset.json"), JSON.stringify(dataset));
  const store = join(folder, "store");
  await ingest(raw, store, { workers: 0 });
  return store;
}
