import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { ingest, openStore, verifyStore } from "../../loader/index.js";

const SAMPLE = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));

test("the sample's 20 cases are planned as nnU-Net plans them and stored as they can be read again", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const report = await ingest(SAMPLE, join(folder, "store"), { workers: 2 });
  t.like(report.plan, { patchSize: [40, 56, 40], batchSize: 2, pooling: [3, 3, 3] });
  t.is(report.cases.length, 20);
  t.deepEqual(report.skipped, []);

  await using store = await openStore(join(folder, "store"));
  t.is(store.dataset.digest, report.digest);
  t.is(store.dataset.name, "Task04_Hippocampus");
  t.deepEqual(store.dataset.classes, [1, 2]);
  await t.notThrowsAsync(verifyStore(store));
  for (const { id, shape, foregroundCounts } of store.dataset.cases.slice(0, 3)) {
    const image = await store.readImage(id);
    const label = await store.readLabel(id);
    t.is(image.length, shape[0] * shape[1] * shape[2] * shape[3]);
    const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
    t.true(Math.abs(mean) < 1e-5, "z-scored: mean 0 up to the rounding of 1e5 float32 values");
    const places = await store.readLocations(id, 1);
    t.is(places.length, 3 * (foregroundCounts[0] as number));
    for (let row = 0; row < places.length; row += 3) {
      const [z, y, x] = places.subarray(row, row + 3) as unknown as [number, number, number];
      if (label[(z * shape[2] + y) * shape[3] + x] !== 1) t.fail(`location ${z},${y},${x} is not of class 1`);
    }
  }
});
