import { crc32 } from "node:zlib";
import { PatchstreamError } from "../../plan/errors.js";
import { type ImageType, type LabelType, VALUE_BYTES } from "../../plan/run-spec/resolved-spec.js";
import type { Messages } from "../../proto/messages.js";
import type { ReceivedChunk } from "../../rpc/codec/framing.js";
import type { ReceivedBatch } from "./messages.js";

/** A stream's peer broke the protocol; what it sends from now on means nothing. */
export function brokenProtocol(reason: string): PatchstreamError {
  return new PatchstreamError({ code: "INTERNAL", where: "the server's stream", reason });
}

/** Puts the chunks of one batch or volume where they belong: one copy, from the frame to memory of its own. */
export class ByteReceiver {
  readonly buffer: ArrayBuffer;
  readonly #bytes: Uint8Array;
  #received = 0;
  #checksum = 0;

  /**
   * `byteLength` must have been checked: as much is allocated. The memory is not zeroed, which cost a tenth of the
   * throughput; nobody sees it before every byte has been received.
   */
  constructor(byteLength: number) {
    this.#bytes = Buffer.allocUnsafeSlow(byteLength);
    this.buffer = this.#bytes.buffer as ArrayBuffer;
  }

  add({ offset, data }: ReceivedChunk): void {
    if (offset !== this.#received || offset + data.length > this.#bytes.length)
      throw brokenProtocol(`a chunk of ${data.length} bytes at ${offset} came after ${this.#received} bytes`);
    this.#bytes.set(data, offset);
    this.#checksum = crc32(data, this.#checksum);
    this.#received += data.length;
  }

  /** True when the bytes are those that `checksum` was taken over. Throws when some are missing. */
  matches(checksum: number): boolean {
    if (this.#received !== this.#bytes.length)
      throw brokenProtocol(`${this.#received} of ${this.#bytes.length} bytes came`);
    return this.#checksum === checksum;
  }
}

/** What a batch must look like, by the run that both sides know. */
export interface ExpectedBatch {
  readonly globalBatch: number;
  /** (B,Z,Y,X) of this rank's label, and of each further one of deep supervision. */
  readonly labelShapes: readonly (readonly number[])[];
  readonly imageType: ImageType;
  readonly labelType: LabelType;
  /** Bytes of this rank's tensors. */
  readonly byteLength: number;
}

function product(shape: readonly number[]): number {
  return shape.reduce((all, extent) => all * extent, 1);
}

/** Throws PATCH_MISMATCH when a batch is not what its stage says, before any memory is taken for it. */
export function checkBegin({ step, globalBatch, tensors }: Messages["BatchBegin"], expected: ExpectedBatch): void {
  const { imageType, labelType, labelShapes } = expected;
  const names = ["image", "label", ...labelShapes.slice(1).map((_, index) => `label_${index + 1}`)];
  if (tensors.length !== names.length || tensors.some(({ name }, index) => name !== names[index]))
    throw brokenProtocol(`step ${step} came with other tensors than ${names.join(", ")}`);
  const [image, ...labels] = tensors as [Messages["Tensor"], ...Messages["Tensor"][]];
  const other = labels.findIndex(({ shape }, index) => !isSameShape(shape, labelShapes[index] as readonly number[]));
  const sizes =
    image.byteLength === product(image.shape) * VALUE_BYTES[imageType] &&
    labels.every(({ shape, byteLength }) => byteLength === product(shape) * VALUE_BYTES[labelType]) &&
    tensors.reduce((sum, { byteLength }) => sum + byteLength, 0) === expected.byteLength;
  const types = image.type === imageType && labels.every(({ type }) => type === labelType);
  if (other < 0 && sizes && types && globalBatch === expected.globalBatch) return;
  const named = Math.max(0, other);
  const [got, want] = [labels[named]?.shape, labelShapes[named]] as [readonly number[], readonly number[]];
  throw new PatchstreamError({ code: "PATCH_MISMATCH", step, got, want });
}

function isSameShape(shape: readonly number[], wanted: readonly number[]): boolean {
  return shape.length === wanted.length && shape.every((extent, axis) => extent === wanted[axis]);
}

/** One batch on its way in. */
export class BatchReceiver {
  readonly begin: Messages["BatchBegin"];
  readonly #bytes: ByteReceiver;
  readonly #begunMs = performance.now();

  constructor(begin: Messages["BatchBegin"], expected: ExpectedBatch) {
    checkBegin(begin, expected);
    this.begin = begin;
    this.#bytes = new ByteReceiver(expected.byteLength);
  }

  add(chunk: ReceivedChunk): void {
    if (chunk.step !== this.begin.step)
      throw brokenProtocol(`a chunk of step ${chunk.step} in step ${this.begin.step}`);
    this.#bytes.add(chunk);
  }

  /** The batch, or undefined when it was damaged on its way. */
  end(): ReceivedBatch | undefined {
    const { step, stage, globalBatch, checksum, tensors } = this.begin;
    if (!this.#bytes.matches(checksum)) return undefined;
    const carriedMs = performance.now() - this.#begunMs;
    return { step, stage, globalBatch, checksum, tensors, buffer: this.#bytes.buffer, carriedMs };
  }
}
