import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { ingest } from "../../loader/index.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { writeRawDataset } from "../dataset/write-raw-dataset.js";
import { patchstreamHere } from "./command.js";

interface BatchJson {
  readonly step: number;
  readonly stage: number;
  readonly checksum: number;
  readonly samples: readonly {
    readonly case: string;
    readonly kind: string;
    readonly class: number | null;
    readonly start: readonly number[];
  }[];
}

test("get's lines and its JSON have the same words, also for samples around annotated voxels", async (t) => {
  const folder = temporaryFolder(t);
  const values = Float32Array.from({ length: 210 }, (_, i) => i % 4);
  writeRawDataset(join(folder, "raw"), {
    label: { shape: [5, 6, 7], values, datatype: "uint8" },
    json: { labels: { background: 0, first: 1, second: 2, ignore: 3 } },
  });
  const [store, run] = [join(folder, "store"), join(folder, "run.json")];
  await ingest(join(folder, "raw"), store, { workers: 0 });
  const plan = { patchSize: [4, 4, 4], batchSize: 4, pooling: [1, 1, 1] };
  const split = { train: ["phantom_1"], val: ["phantom_2"] };
  const spec = { dataset: "raw", split, plan, epochs: 1, stepsPerEpoch: 4, augmentation: "none" };
  writeFileSync(run, JSON.stringify({ data: spec }));
  const get = ["get", "--store", store, "--run", run, "--step", "3"];
  const [head, ...rows] = (await patchstreamHere(...get)).stdout.trimEnd().split("\n");
  const batch = JSON.parse((await patchstreamHere(...get, "--json")).stdout) as BatchJson;
  const { step, stage, checksum } = batch;
  t.true(head?.startsWith(`step ${step}  stage ${stage}  `), head);
  t.true(head?.endsWith(`  checksum ${checksum.toString(16).padStart(8, "0")}`), head);
  t.deepEqual(new Set(batch.samples.map(({ kind }) => kind)), new Set(["annotated", "foreground"]));
  for (const [index, sample] of batch.samples.entries()) {
    const { case: id, kind, class: of, start } = sample;
    const words = rows[index]?.trim().replaceAll(/ +/g, " ");
    t.is(words, `${index} case ${id} start ${start.join(",")} ${kind}${of === null ? "" : ` class ${of}`} as stored`);
  }
});
