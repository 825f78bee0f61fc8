import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { cp, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const DIST = fileURLToPath(new URL("../../", import.meta.url));
/** Within the build, which ends them with itself. */
const KEPT = join(DIST, "test/stores");
/** What an ingest is made by. */
const CODE = ["checksum", "disk", "loader", "plan"];

let code: string | undefined;

/** SHA-256 (hex) of the compiled code that an ingest is made by. */
function codeDigest(): string {
  const hash = createHash("sha256");
  for (const folder of CODE)
    for (const name of (readdirSync(join(DIST, folder), { recursive: true }) as string[]).toSorted())
      if (/\.(js|wasm)$/.test(name)) hash.update(name).update(readFileSync(join(DIST, folder, name)));
  return hash.digest("hex");
}

/**
 * A store at `folder`/store, which must not be there yet: a copy of the one of that `name`, which `make` writes into the folder it is
 * given, the first time that a test of this build wants it. Returns its path. An ingest takes a second of the processor, a copy none.
 */
export async function keptStore(
  name: string,
  folder: string,
  make: (folder: string) => Promise<string>,
): Promise<string> {
  code ??= codeDigest();
  const kept = join(KEPT, `${name}-${code.slice(0, 16)}`);
  if (!existsSync(kept)) await keep(kept, make);
  const store = join(folder, "store");
  await cp(kept, store, { recursive: true, errorOnExist: true, force: false });
  return store;
}

/** Moves a whole store into its place; another test's that was quicker stays. */
async function keep(kept: string, make: (folder: string) => Promise<string>): Promise<void> {
  mkdirSync(KEPT, { recursive: true });
  const making = await mkdtemp(`${kept}-`);
  try {
    renameSync(await make(making), kept);
  } catch (error) {
    if (!existsSync(kept)) throw error;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
}
