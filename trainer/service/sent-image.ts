import { PatchstreamError } from "../../plan/errors.js";
import type { Zyx } from "../../plan/zyx.js";
import { MOST_ALONG_AXIS, voxelCount } from "../../plan/zyx.js";
import type { PredictImage, PredictRequest } from "../../proto/messages.js";
import type { GridGeometry } from "../inference/export-label.js";
import type { PredictionJob } from "../inference/prediction.js";
import type { Maps } from "../inference/sliding-window.js";
import type { JobProcess } from "../process/start.js";

/** How long a caller is waited for while it sends its image; after that it gives its place to others. */
export interface SendingPatience {
  /** Of one wait, and of all waits together before the first byte. */
  readonly silenceMs: number;
  /** Each byte that came adds its time at this rate to all waits together: a caller that trickles does not hold its place. */
  readonly leastBytesPerMs: number;
}

/** 16 KiB a second: a quarter of what the slowest line between two hospitals carries. */
const PATIENCE: SendingPatience = { silenceMs: 60_000, leastBytesPerMs: 16.384 };

/** Voxels times channels of an image to label: 4 GiB of float32. Voxels of a label: 1 GiB of bytes. */
const MAX_IMAGE_VALUES = 2 ** 30;

export function refuse(field: string, got: unknown, want: string): never {
  throw new PatchstreamError({ code: "REQUEST_INVALID", field, got, want });
}

function checkSize(what: string, got: number, size: Zyx): void {
  const facts = [
    { limit: what, got, max: MAX_IMAGE_VALUES },
    { limit: `${what} along an axis`, got: Math.max(...size), max: MOST_ALONG_AXIS },
  ].find((each) => each.got > each.max);
  if (facts) throw new PatchstreamError({ code: "LIMIT_EXCEEDED", ...facts });
}

/** The shape of the image that follows in chunks. */
function shapeOf({ tensor }: PredictImage): Maps["shape"] {
  if (tensor?.type !== "f32") return refuse("image.tensor.type", tensor?.type, "f32");
  const [channels, z, y, x, ...more] = tensor.shape;
  if (!channels || !z || !y || !x || more.length > 0)
    return refuse("image.tensor.shape", tensor.shape, "four extents, channels, Z, Y and X, each at least 1");
  checkSize("values of an image", channels * z * y * x, [z, y, x]);
  return [channels, z, y, x];
}

/** Three numbers (Z,Y,X), each of which `isRight`. */
function three(field: string, values: readonly number[], isRight: (value: number) => boolean, want: string): Zyx {
  const [z, y, x, ...more] = values;
  if (z === undefined || y === undefined || x === undefined || more.length > 0 || !values.every(isRight))
    return refuse(field, values, `three numbers, Z, Y and X, each ${want}`);
  return [z, y, x];
}

const isSpacing = (value: number) => Number.isFinite(value) && value > 0;

/** How the image lies in its source file; undefined where it is its own original. */
function geometryOf({ geometry, spacingMm }: PredictImage): GridGeometry | undefined {
  if (geometry === null) return undefined;
  const at = "image.geometry";
  const size = three(`${at}.original_shape`, geometry.originalShape, (extent) => extent >= 1, "at least 1");
  checkSize("voxels of a label", voxelCount(size), size);
  const transpose = three(`${at}.transpose`, geometry.transpose, (axis) => axis <= 2, "0, 1 or 2");
  if (new Set(transpose).size < 3) refuse(`${at}.transpose`, transpose, "0, 1 and 2 in any order");
  const turned = transpose.map((axis) => size[axis] as number);
  const cropStart = three(`${at}.crop_start`, geometry.cropStart, () => true, "a voxel");
  const cropEnd = three(`${at}.crop_end`, geometry.cropEnd, () => true, "a voxel");
  const isInside = cropEnd.every((end, axis) => (cropStart[axis] as number) < end && end <= (turned[axis] as number));
  if (!isInside) refuse(`${at}.crop_end`, cropEnd, `above crop_start ${cropStart}, and at most ${turned}`);
  return {
    originalShape: size,
    originalSpacingMm: three(`${at}.original_spacing_mm`, geometry.originalSpacingMm, isSpacing, "above 0"),
    transpose,
    cropStart,
    cropEnd,
    spacingMm: three("image.spacing_mm", spacingMm, isSpacing, "above 0"),
  };
}

/** The image that a caller announces. Throws REQUEST_INVALID, LIMIT_EXCEEDED. */
export function announcedImage(asked: PredictImage): Extract<PredictionJob["source"], { kind: "image" }> {
  const geometry = geometryOf(asked);
  return { kind: "image", shape: shapeOf(asked), ...(geometry && { geometry }) };
}

/** Waits for the caller's messages as long as `patience` says. */
class PatientReader {
  readonly #requests: AsyncIterator<PredictRequest>;
  readonly #patience: SendingPatience;
  #waitedMs = 0;

  constructor(requests: AsyncIterator<PredictRequest>, patience: SendingPatience) {
    this.#requests = requests;
    this.#patience = patience;
  }

  /** The next message, when `received` bytes of the image have come. Throws DEADLINE. */
  async next(received: number): Promise<IteratorResult<PredictRequest>> {
    const { silenceMs, leastBytesPerMs } = this.#patience;
    const leftMs = silenceMs + received / leastBytesPerMs - this.#waitedMs;
    const isSlow = leftMs < silenceMs;
    const timeoutMs = Math.max(0, Math.min(silenceMs, leftMs));
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const facts = isSlow
        ? { waitedFor: `the image, of which ${received} bytes came`, timeoutMs: Math.round(this.#waitedMs + timeoutMs) }
        : { waitedFor: "the next chunk of the image", timeoutMs };
      timer = setTimeout(() => reject(new PatchstreamError({ code: "DEADLINE", ...facts })), timeoutMs);
    });
    const began = performance.now();
    return Promise.race([this.#requests.next(), late]).finally(() => {
      clearTimeout(timer);
      this.#waitedMs += performance.now() - began;
    });
  }
}

/** Hands the chunks of an image of `shape` over, one after the other. Throws REQUEST_INVALID, DEADLINE. */
export async function passImage(
  requests: AsyncIterator<PredictRequest>,
  shape: Maps["shape"],
  send: JobProcess<unknown>["send"],
  patience: SendingPatience = PATIENCE,
): Promise<void> {
  const byteLength = shape.reduce((product, extent) => product * extent, Float32Array.BYTES_PER_ELEMENT);
  const reader = new PatientReader(requests, patience);
  for (let received = 0; received < byteLength; ) {
    const { done, value } = await reader.next(received);
    if (done) return refuse("image", `${received} bytes`, `${byteLength} bytes in chunks`);
    if (value.kind !== "chunk") return refuse("kind", value.kind, "chunk, until the image is complete");
    const { offset, data } = value.chunk;
    // An empty chunk would hold the caller's place for nothing.
    if (offset !== received || data.length === 0 || data.length > byteLength - received)
      return refuse("chunk", `${data.length} bytes at ${offset}`, `1 to ${byteLength - received} bytes at ${received}`);
    await send({ kind: "imageBytes", offset, bytes: data });
    received += data.length;
  }
}
