/** `npm run bench:peers`: measures beside the peers, prints, and writes the tables of RESULTS.md between their markers. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { writeResults } from "../results.js";
import { reports } from "./report.js";

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

const missing = ["loaders", "tensorflow"].filter(
  (environment) => !existsSync(join(values.environments, environment, "bin", "python")),
);
if (missing.length > 0) {
  const script = "benchmarks/which-loader-feeds-a-trainer/environment.sh";
  process.stderr.write(
    `bench:peers: no Python environment ${missing.join(" and ")} in ${values.environments}; make them with: bash ${script} ${values.environments}\n`,
  );
  process.exit(1);
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-peers-"));
try {
  const options = {
    folder,
    environments: values.environments,
    stages: values.stages?.split(",").map(Number),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
  };
  for await (const { part, text } of reports(values.only.split(","), options)) {
    process.stdout.write(`${text}\n\n`);
    if (!values["print-only"]) await writeResults(`peers-${part}`, text);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
