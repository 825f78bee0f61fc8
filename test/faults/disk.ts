import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const DISK_MIB = 8;
const FILLER = "filler";

/** A small disk for the log and the temporary files of one server. Where nobody may mount, a folder that is never full. */
export class Disk implements Disposable {
  readonly path: string;
  readonly #isMounted: boolean;

  constructor(path: string) {
    this.path = path;
    mkdirSync(path);
    this.#isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK_MIB}m`, "tmpfs", path]).status === 0;
  }

  /** No byte is left. Does nothing to a folder. */
  fill(): void {
    if (!this.#isMounted) return;
    const { bavail, bsize } = statfsSync(this.path);
    writeFileSync(join(this.path, FILLER), Buffer.alloc(bavail * bsize));
  }

  makeRoom(): void {
    rmSync(join(this.path, FILLER), { force: true });
  }

  [Symbol.dispose](): void {
    if (this.#isMounted) spawnSync("umount", [this.path]);
  }
}
