import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext } from "ava";

/** A new folder that goes when the test ends. */
export function temporaryFolder(t: Pick<ExecutionContext, "teardown">): string {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
