import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { ingest } from "../../loader/dataset/ingest.js";
import { openStore } from "../../loader/dataset/open-store.js";
import { openEngine } from "../../loader/engine/engine.js";
import { caseTable } from "../../plan/batch/case-table.js";
import { resolveSpec } from "../../plan/run-spec/resolve.js";
import { planBatch } from "../../plan/sampling/plan-batch.js";
import { sameBytes } from "../dataset/same-bytes.js";
import { writeRawDataset } from "../dataset/write-raw-dataset.js";

const SHAPE = [14, 15, 16] as const;

/** Labels of augmented batches from volumes in memory that hold class 1 and class `last`, the highest of their data set. */
async function labelsCut(folder: string, last: number): Promise<Int16Array> {
  const voxels = Array.from({ length: SHAPE[0] * SHAPE[1] * SHAPE[2] }, (_, i) => i);
  const names = Array.from({ length: last + 1 }, (_, value) => [value === 0 ? "background" : `class ${value}`, value]);
  writeRawDataset(join(folder, `raw-${last}`), {
    shape: SHAPE,
    image: { values: voxels.map((i) => 1 + (i % 97)) },
    label: { values: voxels.map((i) => [0, 0, 1, last][(i >> 2) % 4] as number), datatype: "int16" },
    json: { labels: Object.fromEntries(names) },
  });
  await ingest(join(folder, `raw-${last}`), join(folder, `store-${last}`), { workers: 1, name: "Phantom" });
  await using store = await openStore(join(folder, `store-${last}`));
  await using engine = await openEngine(store, { workers: 1, volumeBudgetBytes: 2 ** 23, slotBudgetBytes: 2 ** 20 });
  const { dataset } = store;
  const cases = caseTable(dataset);
  const data = {
    dataset: dataset.name,
    split: { fold: "all" },
    plan: { patchSize: [8, 8, 12], batchSize: 4, pooling: [1, 1, 1] },
    wire: { image: "f32", label: "i16", layout: "channels-first" },
  };
  const spec = resolveSpec(data, { ...dataset, cases });
  const labels: Uint8Array[] = [];
  for (let step = 0; step < 6; step++) {
    const lease = await engine.cut(spec, planBatch(spec, cases, { timeline: "train", step, stage: 0 }));
    const [, { offset }] = lease.tensors;
    labels.push(lease.bytes.slice(offset));
    lease.release();
  }
  return new Int16Array(Uint8Array.from(Buffer.concat(labels)).buffer);
}

test("classes up to 126, which take one byte of memory, and those above, which take two, are cut alike", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "patchstream-labels-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const narrow = await labelsCut(folder, 126);
  t.deepEqual(new Set(narrow), new Set([0, 1, 126]));
  for (const last of [127, 300]) {
    const wide = await labelsCut(folder, last);
    const expected = narrow.map((value) => (value === 126 ? last : value));
    t.true(sameBytes(wide, expected), `class ${last}`);
  }
});
