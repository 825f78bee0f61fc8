import type { DataClient, DatasetInfo } from "../../client/types.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { GridGeometry } from "../inference/export-label.js";
import type { Maps } from "../inference/sliding-window.js";

/** A case of a data server, read over the wire when it is asked for. */
export interface StoredCase {
  readonly id: string;
  readonly geometry: GridGeometry;
  /** How the NIfTI file of its label begins; absent where an older data server does not say it. */
  readonly labelHeader?: Uint8Array;
  /** (C,Z,Y,X) as stored. */
  readImage(): Promise<Maps>;
  /** Label on the source file's grid. */
  readReference(): Promise<ArrayLike<number>>;
}

/** The case `id` of `dataset`. Throws NOT_FOUND. */
export function storedCase(client: DataClient, dataset: DatasetInfo, id: string, signal: AbortSignal): StoredCase {
  const found = dataset.cases.find((one) => one.id === id);
  if (!found) {
    const known = dataset.cases.map((one) => one.id);
    throw new PatchstreamError({ code: "NOT_FOUND", what: "case", name: id, known });
  }
  const { shape, spacingMm } = found;
  const { labelHeader, ...geometry } = found.geometry;
  return {
    id,
    geometry: { ...geometry, spacingMm },
    ...(labelHeader && { labelHeader }),
    readImage: async () => ({ shape, values: await client.readImage(id, { signal }) }),
    readReference: () => client.readReference(id, { signal }),
  };
}
