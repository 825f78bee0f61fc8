/** `npm run bench:peers`: measures beside the peers, prints, and writes the tables of RESULTS.md between their markers. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeResults } from "../results.js";
import { runReport } from "./report.js";

const { values } = parseArgs({
  options: {
    environments: {
      type: "string",
      default: fileURLToPath(new URL("../../../benchmarks/which-loader-feeds-a-trainer/.venv", import.meta.url)),
    },
    stages: { type: "string" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "0.3" },
    only: { type: "string", default: "cutting,stream,accelerator,memory" },
    "print-only": { type: "boolean", default: false },
  },
});

const folder = await mkdtemp(join(tmpdir(), "patchstream-peers-"));
try {
  const report = await runReport({
    folder,
    environments: values.environments,
    stages: values.stages?.split(",").map(Number),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    parts: values.only.split(","),
  });
  process.stdout.write(`${report}\n`);
  if (!values["print-only"]) await writeResults("which-loader-feeds-a-trainer", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
