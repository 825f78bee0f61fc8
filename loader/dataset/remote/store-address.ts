import { PatchstreamError } from "../../../plan/errors.js";
import { httpFiles } from "./http-files.js";
import { type RemoteFiles, shownAddress } from "./remote-files.js";
import { s3Files } from "./s3-files.js";

const SCHEME = /^(https?|s3):\/\//i;

/** True for the address of a store that lies elsewhere; anything else is a folder. */
export function isRemote(place: string): boolean {
  return SCHEME.test(place);
}

/**
 * The files at `https://HOST/PATH`, `http://HOST/PATH` or `s3://BUCKET/PREFIX`. Throws SPEC_INVALID for an address that is none, and
 * for credentials that are half there.
 */
export function remoteFiles(address: string, environment: NodeJS.ProcessEnv): RemoteFiles {
  const [, scheme] = SCHEME.exec(address) ?? [];
  return scheme?.toLowerCase() === "s3" ? s3Files(address, environment) : httpFiles(address, environment);
}

/** Throws SPEC_INVALID where what needs a folder was given the address of a remote store. */
export function refuseRemote(place: string, field: string): void {
  if (!isRemote(place)) return;
  const hint = "Write to a folder, then copy it there: docs/how-to/serve-from-an-object-store.md.";
  throw new PatchstreamError({ code: "SPEC_INVALID", field, got: shownAddress(place), want: "a folder" }, hint);
}
