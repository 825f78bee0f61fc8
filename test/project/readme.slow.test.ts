import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";

const root = fileURLToPath(new URL("../../../", import.meta.url));

test("the readme's commands on the sample run as they stand there", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-readme-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(root, "examples"), join(folder, "examples"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const main = join(root, "dist/cli/main.js");
  writeFileSync(join(bin, "npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(join(bin, "npx"), 0o755);
  const [, block = ""] =
    /Look into it, on the sample:\n\n```bash\n([\s\S]*?)```/.exec(readFileSync(join(root, "README.md"), "utf8")) ?? [];
  t.true(block.split("\n").length > 4);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  const { stdout } = await promisify(execFile)("bash", ["-euo", "pipefail", "-c", block], { cwd: folder, env });
  t.regex(stdout, /step 42 {2}stage \d+/);
  t.regex(stdout, /Hippocampus/);
  for (const name of ["batch/image.npy", "batch/label.npy", "batch/batch.json", "batch.png"])
    t.true(existsSync(join(folder, "out", name)), name);
});
