/**
 * `node dist/benchmarks/how-long-does-a-stage-change-take/run.js`: waits around changes of stage, scheduled and immediate,
 * beside normal intervals; prints the table and writes it to RESULTS.md.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ingest } from "../../loader/index.js";
import { makeCtStore } from "../ct-volumes.js";
import type { Figures } from "../figures.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import { type ChangeTrial, measureChanges } from "./measure.js";

const WORKERS = 1;
/** Each goes through all stages: two times 14 changes, or three times 9. */
const ROUNDS = { hippocampus: 2, ct: 3 };
const STEPS_MS = [20, 0];

const root = fileURLToPath(new URL("../../../", import.meta.url));

function spread({ median, p95 }: Figures): string {
  return `${median.toFixed(2)} (${p95.toFixed(2)})`;
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const hippocampus = join(folder, "hippocampus");
  await ingest(join(root, "examples/data/Task04_Hippocampus"), hippocampus, {});
  const ct = await makeCtStore(folder);
  const sources: readonly (Pick<ChangeTrial, "store" | "rounds" | "data"> & { readonly name: string })[] = [
    {
      name: "Hippocampus",
      store: hippocampus,
      rounds: ROUNDS.hippocampus,
      data: { dataset: "Task04_Hippocampus", plan: { patchSize: [40, 56, 40], batchSize: 9, pooling: [3, 3, 3] } },
    },
    {
      name: "CT-sized",
      store: ct.path,
      rounds: ROUNDS.ct,
      data: { dataset: "CtSized", plan: ct.plan, split: { fold: "all" } },
    },
  ];
  const rows: string[] = [];
  for (const { name, data, ...source } of sources)
    for (const stepMs of STEPS_MS)
      for (const change of ["scheduled", "immediate"] as const) {
        const trial = { ...source, data: { ...data, mode: "performance" } as const, change, stepMs, workers: WORKERS };
        const { atChange, elsewhere, thrownAway } = await measureChanges(trial);
        const step = stepMs === 0 ? "none" : `${stepMs} ms`;
        const cells = [name, step, change, atChange.n, spread(atChange), spread(elsewhere), thrownAway.toFixed(2)];
        rows.push(`| ${cells.join(" | ")} |`);
        process.stderr.write(`${rows.at(-1)}\n`);
      }
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const report = [
    `\`node dist/benchmarks/how-long-does-a-stage-change-take/run.js\` (${WORKERS} worker, PGPS-Performance, augmentation ` +
      `nnunet), load ${loadavg()[0]?.toFixed(1)}: ${about.join("; ")}.`,
    "",
    "| volumes | step | change | changes | longest wait at a change / normal interval: median (p95) | elsewhere | batches thrown away a change |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("how-long-does-a-stage-change-take", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
