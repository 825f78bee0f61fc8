import { mkdir, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isRunning } from "../../../disk/process-lock.js";
import { OWNER_ONLY_FILE, OWNER_ONLY_FOLDER } from "../../../disk/write-file.js";

/** Looked at again after so long. */
const PAUSE_MS = 20;

/** A claim that is older counts for nothing: its holder is stuck, or lives in another container and has ended. */
const LONGEST_MS = 30_000;

/**
 * Says that this process is at a piece of work, until disposed: makes the file, or waits until whoever made it has removed it or is gone.
 * It is no lock: two at the same work only do it twice.
 */
export async function claimFile(file: string): Promise<AsyncDisposable> {
  for (;;) {
    const made = await makeClaim(file);
    if (made !== "taken") {
      const remove = made === "ours" ? () => rm(file, { force: true }).catch(() => undefined) : async () => undefined;
      return { [Symbol.asyncDispose]: remove };
    }
    if (await isAbandoned(file)) await rm(file, { force: true }).catch(() => undefined);
    else await sleep(PAUSE_MS);
  }
}

/** "impossible" where the folder cannot be written: then nobody claims anything. */
async function makeClaim(file: string): Promise<"ours" | "taken" | "impossible"> {
  try {
    await mkdir(dirname(file), { recursive: true, mode: OWNER_ONLY_FOLDER });
    const handle = await open(file, "wx", OWNER_ONLY_FILE);
    try {
      await handle.writeFile(String(process.pid));
    } catch (error) {
      await rm(file, { force: true }); // on a full disk: others would wait for what says nothing
      throw error;
    } finally {
      await handle.close();
    }
    return "ours";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EEXIST" ? "taken" : "impossible";
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  try {
    const [{ mtimeMs }, holder] = [await stat(file), await readFile(file, "utf8")];
    return Date.now() - mtimeMs > LONGEST_MS || (holder !== "" && !isRunning(Number(holder)));
  } catch {
    return false; // it has gone just now
  }
}
