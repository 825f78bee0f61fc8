import { crc32 } from "node:zlib";
import { PatchstreamError } from "../../plan/errors.js";
import type { ReceivedChunk } from "../../proto/framing.js";
import type { Messages } from "../../proto/messages.js";
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
  /** (B,Z,Y,X) of this rank's labels. */
  readonly labelShape: readonly number[];
  readonly imageType: string;
  readonly labelType: string;
  /** Bytes of this rank's tensors. */
  readonly byteLength: number;
}

const ELEMENT_BYTES: Readonly<Record<string, number>> = { f32: 4, f16: 2, bf16: 2, i16: 2, u8: 1 };

function product(shape: readonly number[]): number {
  return shape.reduce((all, extent) => all * extent, 1);
}

/** Throws PATCH_MISMATCH when a batch is not what its stage says, before any memory is taken for it. */
export function checkBegin({ step, globalBatch, tensors }: Messages["BatchBegin"], expected: ExpectedBatch): void {
  const [image, label] = tensors;
  if (tensors.length !== 2 || image?.name !== "image" || label?.name !== "label")
    throw brokenProtocol(`step ${step} came with other tensors than image and label`);
  const sameLabel =
    label.shape.length === 4 && label.shape.every((extent, axis) => extent === expected.labelShape[axis]);
  const imageVoxels = product(image.shape);
  const labelVoxels = product(label.shape);
  const sizes =
    image.byteLength === imageVoxels * (ELEMENT_BYTES[image.type] ?? 0) &&
    label.byteLength === labelVoxels * (ELEMENT_BYTES[label.type] ?? 0) &&
    image.byteLength + label.byteLength === expected.byteLength;
  const types = image.type === expected.imageType && label.type === expected.labelType;
  if (!sameLabel || !sizes || !types || globalBatch !== expected.globalBatch)
    throw new PatchstreamError({ code: "PATCH_MISMATCH", step, got: label.shape, want: expected.labelShape });
}

/** One batch on its way in. */
export class BatchReceiver {
  readonly begin: Messages["BatchBegin"];
  readonly #bytes: ByteReceiver;

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
    return { step, stage, globalBatch, checksum, tensors, buffer: this.#bytes.buffer };
  }
}
