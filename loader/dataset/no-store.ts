import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { nearName } from "../../disk/near-name.js";
import { PatchstreamError } from "../../plan/errors.js";
import { CURRENT } from "./generations.js";
import { isRemote } from "./remote/store-address.js";

/** Says what lies at `path` in place of a finished store, and where one may be meant: STORE_DAMAGED. */
export function noStore(path: string): PatchstreamError {
  const { reason, hint } = whatIsThere(path);
  return new PatchstreamError({ code: "STORE_DAMAGED", store: path, reason }, hint);
}

function whatIsThere(path: string): { readonly reason: string; readonly hint: string } {
  if (isRemote(path))
    return { reason: "there is no finished store here: it has no zarr.json", hint: "Is it the store's own folder?" };
  const make = `Make one with "patchstream ingest RAW ${path}".`;
  if (!existsSync(path)) {
    const near = nearName(path);
    const hint = near !== undefined && isStore(near) ? `Did you mean ${near}?` : make;
    return { reason: "there is no such folder", hint };
  }
  if (!statSync(path).isDirectory())
    return { reason: "it is a file; a store is a folder", hint: "Name a folder made by ingest." };
  const reason = "there is no finished store here";
  if (existsSync(join(path, "dataset.json")))
    return { reason, hint: `It is a raw data set: make a store of it with "patchstream ingest ${path} STORE".` };
  const [first] = readdirSync(path).filter((name) => isStore(join(path, name)));
  return { reason, hint: first === undefined ? make : `Did you mean ${join(path, first)}?` };
}

/** A case has a record too, and locations beside it. */
function isStore(path: string): boolean {
  return existsSync(join(path, CURRENT)) && !existsSync(join(path, "locations"));
}
