import { crc32 } from "../../checksum/crc.js";
import { PatchstreamError, refuseRequest } from "../../plan/errors.js";
import { VALUE_BYTES } from "../../plan/run-spec/resolved-spec.js";
import type { Messages } from "../../proto/messages.js";
import { CHUNK_BYTES, type Frame } from "../../rpc/codec/framing.js";
import { NO_LABEL, type Region, type StoredCase } from "../dataset/dataset.js";
import type { Store } from "../dataset/store.js";
import type { ByteGate } from "./byte-gate.js";
import { readRegion } from "./requests.js";
import { chunksOf } from "./send-batch.js";

interface Volume {
  readonly type: "f32" | "i16";
  readonly shape: readonly number[];
  read(): Promise<Float32Array | Int16Array>;
}

export function findCase(store: Store, id: string): StoredCase {
  const { cases } = store.dataset;
  const entry = cases.find((candidate) => candidate.id === id);
  if (entry === undefined)
    throw new PatchstreamError({ code: "NOT_FOUND", what: "case", name: id, known: cases.map((known) => known.id) });
  return entry;
}

function chooseVolume(store: Store, request: Messages["ReadCaseRequest"]): Volume {
  const entry = findCase(store, request.case);
  if (entry.unlabelled && request.volume !== "VOLUME_IMAGE")
    throw new PatchstreamError({ code: "NOT_FOUND", what: "label of case", name: entry.id, known: [] }, NO_LABEL);
  const [channels, ...extent] = entry.shape;
  const region: Region | undefined = request.region === null ? undefined : readRegion(request.region, extent);
  const { start, end } = region ?? { start: [0, 0, 0] as const, end: extent };
  const size = [end[0] - start[0], end[1] - start[1], end[2] - start[2]];
  switch (request.volume) {
    case "VOLUME_IMAGE":
      return { type: "f32", shape: [channels, ...size], read: () => store.readImage(entry.id, region) };
    case "VOLUME_LABEL":
      return { type: "i16", shape: size, read: () => store.readLabel(entry.id, region) };
    case "VOLUME_REFERENCE":
      if (region !== undefined) refuseRequest("region", region, "absent: a reference is read whole");
      return { type: "i16", shape: entry.geometry.originalShape, read: () => store.readReference(entry.id) };
    default:
      return refuseRequest("volume", request.volume, "VOLUME_IMAGE, VOLUME_LABEL or VOLUME_REFERENCE");
  }
}

type ReadCaseFrame =
  | { readonly kind: "volumeBegin"; readonly volumeBegin: Messages["VolumeBegin"] }
  | { readonly kind: "volumeEnd"; readonly volumeEnd: Messages["VolumeEnd"] };

/** The frames of a volume. Its bytes pass the gate for as long as they are in memory. */
export async function* volumeFrames(
  store: Store,
  gate: ByteGate,
  request: Messages["ReadCaseRequest"],
  signal: AbortSignal,
): AsyncGenerator<ReadCaseFrame | Frame> {
  const { type, shape, read } = chooseVolume(store, request);
  const byteLength = shape.reduce((product, extent) => product * extent, VALUE_BYTES[type]);
  const leave = await gate.enter(byteLength, signal);
  try {
    const values = await read();
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    const name = request.volume === "VOLUME_IMAGE" ? "image" : "label";
    yield {
      kind: "volumeBegin",
      volumeBegin: { tensor: { name, type, shape, byteLength } },
    };
    let checksum = 0;
    let summed = 0;
    for (const frame of chunksOf(bytes)) {
      const end = Math.min(summed + CHUNK_BYTES, bytes.length);
      checksum = crc32(bytes.subarray(summed, end), checksum);
      summed = end;
      yield frame;
    }
    yield { kind: "volumeEnd", volumeEnd: { checksum } };
  } finally {
    leave();
  }
}
