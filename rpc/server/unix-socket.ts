import { randomBytes } from "node:crypto";
import { chmodSync, lstatSync, mkdtempSync, renameSync, rmSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { basename, dirname, join } from "node:path";
import { lockFolder } from "../../disk/process-lock.js";
import { makeFolder, OWNER_ONLY_FILE } from "../../disk/write-file.js";
import { PatchstreamError, refuse } from "../../plan/errors.js";
import { checkUnixPath, MAX_PATH_BYTES } from "../unix-path.js";

/** Bytes of the first folder's name and of the socket's in it, with their slashes. */
const FIRST_BYTES = "/.pXXXXXX/XXXX".length;

/**
 * Has `bind` listen on a Unix socket and puts it at `path`, for its owner alone. Others can reach it at no moment: it begins in a
 * folder of its own that only its owner may enter, and is moved when its permissions are set. The folder of `path` is made where it is
 * missing. What a server that was killed left there is replaced. Disposing removes the file, if it is still this one; that must
 * happen before the server stops to listen.
 *
 * Throws SPEC_INVALID for a path that is too long, UNAVAILABLE where another server listens, where something else than a socket lies,
 * and where the folder cannot be written.
 */
export async function bindUnixSocket(path: string, bind: (path: string) => Promise<void>): Promise<Disposable> {
  const parent = dirname(path);
  checkUnixPath(path, "listen");
  if (Buffer.byteLength(parent) + FIRST_BYTES > MAX_PATH_BYTES)
    refuse("listen", path, `in a folder whose path has at most ${MAX_PATH_BYTES - FIRST_BYTES} bytes`);
  try {
    makeFolder(parent);
    // Who connects and finds nobody may replace the file: no two may do so at once.
    using _lock = lockFolder(parent, {
      name: `.${basename(path)}.lock`,
      doing: `begins to listen at ${path}`,
      hint: "Wait until it has begun",
    });
    await refuseUnlessFree(path);
    const folder = mkdtempSync(join(parent, ".p"));
    try {
      // Nobody can guess it: libuv removes what lies at this path when the server stops to listen.
      const first = join(folder, randomBytes(3).toString("base64url"));
      await bind(first);
      chmodSync(first, OWNER_ONLY_FILE);
      renameSync(first, path);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  } catch (cause) {
    if (cause instanceof PatchstreamError || !(cause instanceof Error)) throw cause;
    throw unavailable(path, cause.message, { cause });
  }
  const mine = lstatSync(path);
  let isRemoved = false; // The next server's file may have the same number.
  return {
    [Symbol.dispose]() {
      if (isRemoved) return;
      isRemoved = true;
      const found = lstatSync(path, { throwIfNoEntry: false });
      if (found?.ino !== mine.ino || found.dev !== mine.dev) return;
      try {
        unlinkSync(path);
      } catch {} // the next server replaces it
    },
  };
}

/** Throws UNAVAILABLE unless there is nothing at `path`, or a socket that nobody listens on. */
async function refuseUnlessFree(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw unavailable(path, "what lies there is no socket, and is left as it is");
  const code = await connectionCode(path);
  if (code === undefined) throw unavailable(path, "another server listens there");
  // A socket whose server was killed refuses; any other answer says that it is somebody's.
  if (code !== "ECONNREFUSED" && code !== "ENOENT")
    throw unavailable(path, `another server's socket lies there (${code})`);
}

/** The code with which a connection fails; undefined where it is made. */
function connectionCode(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
}

function unavailable(path: string, reason: string, options?: ErrorOptions): PatchstreamError {
  return new PatchstreamError({ code: "UNAVAILABLE", address: `unix:${path}`, reason }, "Name another path.", options);
}
