import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";

export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** A folder with the project's `examples`, and an environment whose `npx patchstream` is this build: what a page's commands run in. */
export function sampleFolder(t: ExecutionContext): { readonly folder: string; readonly env: NodeJS.ProcessEnv } {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-page-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync(join(root, "examples"), join(folder, "examples"));
  const bin = join(folder, "bin");
  mkdirSync(bin);
  const main = join(root, "dist/cli/main.js");
  writeFileSync(join(bin, "npx"), `#!/bin/sh\nshift\nexec "${process.execPath}" "${main}" "$@"\n`);
  chmodSync(join(bin, "npx"), 0o755);
  return { folder, env: { ...process.env, PATH: `${bin}:${process.env.PATH}` } };
}
