import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../../loader/index.js";
import { locationClasses } from "../../plan/index.js";

/** A data set as a program hands it over, before it is written to a stream. */
export interface PreparedStream {
  /** The first line. */
  dataset: Record<string, unknown>;
  /** The line and the arrays of each case, by id. */
  readonly cases: Map<string, { line: Record<string, unknown>; arrays: (Float32Array | Int16Array | Uint32Array)[] }>;
}

/** The prepared form of a store that was made of the raw data set `raw`: what nnU-Net would have left of the same files. */
export async function prepare(store: Store, raw: string): Promise<PreparedStream> {
  const { name, cases: stored } = store.dataset;
  const cases: PreparedStream["cases"] = new Map();
  for (const { id, shape, geometry } of stored) {
    const { originalShape, originalSpacingMm, cropStart, cropEnd, affine } = geometry;
    const locations: Uint32Array[] = [];
    for (const of of locationClasses(store.dataset)) locations.push(reversed(await store.readLocations(id, of)));
    cases.set(id, {
      line: {
        id,
        source: `${id}.b2nd`,
        shape,
        locations: locations.map((places) => places.length / 3),
        originalShape,
        originalSpacingMm,
        cropStart,
        cropEnd,
        affine,
        reference: join(raw, "labelsTr", `${id}.nii.gz`),
      },
      arrays: [await store.readImage(id), await store.readLabel(id), ...locations],
    });
  }
  const json = (file: string) => JSON.parse(readFileSync(file, "utf8"));
  const dataset = {
    name,
    dataset: json(join(raw, "dataset.json")),
    plans: json(join(store.path, "plans.json")),
    fingerprint: json(join(store.path, "dataset_fingerprint.json")),
    cases: stored.map(({ id }) => ({ id, sha256: "a".repeat(64) })),
  };
  return { dataset, cases };
}

/** nnU-Net keeps locations in the order in which it drew them. */
function reversed(places: Uint32Array): Uint32Array {
  const rows = Array.from({ length: places.length / 3 }, (_, row) => places.subarray(3 * row, 3 * row + 3));
  return Uint32Array.from(rows.reverse().flatMap((row) => [...row]));
}

/** Answers what is asked for, as the other side of `ingestPrepared` does; `asked` are the cases so far. */
export function answering({ dataset, cases }: PreparedStream): {
  readonly pieces: AsyncIterable<Uint8Array>;
  readonly ask: (id: string) => void;
  readonly asked: string[];
} {
  const asked: string[] = [];
  async function* pieces() {
    yield* inPieces(Buffer.from(`${JSON.stringify(dataset)}\n`));
    for (let next = 0; next < asked.length; next++) {
      const one = cases.get(asked[next] as string);
      if (one === undefined) return;
      yield* inPieces(Buffer.from(`${JSON.stringify(one.line)}\n`));
      for (const { buffer, byteOffset, byteLength } of one.arrays)
        yield* inPieces(new Uint8Array(buffer, byteOffset, byteLength));
    }
  }
  return { pieces: pieces(), ask: (id) => asked.push(id), asked };
}

/** Pieces of a size that fits to nothing. */
function* inPieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 997) yield bytes.subarray(at, at + 997);
}
