import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { root, sampleFolder } from "./sample-folder.js";

test("the readme's commands on the sample run as they stand there", async (t) => {
  const { folder, env } = sampleFolder(t);
  const [, block = ""] =
    /Look into it, on the sample:\n\n```bash\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  t.true(block.split("\n").length > 4);
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", block], { cwd: folder, env });
  t.regex(stdout, /step 42 {2}stage \d+/);
  t.regex(stdout, /Hippocampus/);
  for (const name of ["batch/image.npy", "batch/label.npy", "batch/batch.json", "batch.png"])
    t.true(existsSync(join(folder, "out", name)), name);
});
