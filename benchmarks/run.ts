/** `npm run bench`: measures, prints, and writes the tables of RESULTS.md between their markers. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ingest } from "../loader/index.js";
import { makeCtStore } from "./ct-volumes.js";
import { type MeasureOptions, measureStages } from "./how-fast-is-the-wire/measure.js";
import { table } from "./how-fast-is-the-wire/table.js";
import { machine } from "./machine.js";
import { writeResults } from "./results.js";

const WORKERS = 2;
const ROUNDS = 5;
const root = fileURLToPath(new URL("../../", import.meta.url));

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const hippocampus = join(folder, "hippocampus");
  await ingest(join(root, "examples/data/Task04_Hippocampus"), hippocampus, {});
  const ct = await makeCtStore(folder);
  const common: Omit<MeasureOptions, "store" | "data"> = {
    workers: WORKERS,
    rounds: ROUNDS,
    onStage: ({ stage, patchSize, batchSize, share }) =>
      process.stderr.write(`stage ${stage} ${patchSize.join("x")} batch ${batchSize}: ${share.median.toFixed(2)}\n`),
  };
  const small = await measureStages({
    ...common,
    store: hippocampus,
    data: {
      dataset: "Task04_Hippocampus",
      plan: { patchSize: [40, 56, 40], batchSize: 9, pooling: [3, 3, 3] },
      mode: "performance",
      augmentation: "none",
    },
  });
  const large = await measureStages({
    ...common,
    store: ct.path,
    data: {
      dataset: "CtSized",
      plan: ct.plan,
      mode: "performance",
      augmentation: "none",
      split: { train: ["case_0", "case_1", "case_2"], val: ["case_3"] },
    },
  });
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const report = [
    `\`npm run bench\` (${WORKERS} workers, ${ROUNDS} rounds after one to warm up): ${about.join("; ")}.`,
    "",
    "_s/GB_: processor seconds a GB, of the server's process + of the client's (medians). At these costs two processors carry at most",
    "2 / (server + client) GB/s. Ours cuts the batches, and takes and checks their CRC-32, in the same two that carry the bytes.",
    "",
    "Hippocampus, plan 40x56x40, batch 9, PGPS-Performance:",
    "",
    table(small),
    "",
    "CT-sized volumes (160x320x320), plan 128x128x128, batch 2, PGPS-Performance:",
    "",
    table(large),
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("how-fast-is-the-wire", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
