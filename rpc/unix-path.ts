import { resolve } from "node:path";
import { refuse } from "../plan/errors.js";
import { parseTarget } from "./client/target.js";

/** Bytes that a Unix socket's path may have: what unix(7)'s `sun_path` holds beside the 0 at its end. */
export const MAX_PATH_BYTES = process.platform === "linux" ? 107 : 103;

/** Throws SPEC_INVALID, with the `name` of the field, for a path with more bytes than a Unix socket's may have. */
export function checkUnixPath(path: string, name: string): void {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES)
    refuse(name, path, `at most ${MAX_PATH_BYTES} bytes long (it has ${Buffer.byteLength(path)})`);
}

/** The absolute path in an address such as `unix:/run/patchstream/data.sock`. Throws SPEC_INVALID, with the `name` of the field. */
export function unixPath(address: string, name: string): string {
  const target = parseTarget(address);
  if (!("path" in target) || target.path === "") return refuse(name, address, "unix:/path");
  return resolve(target.path);
}
