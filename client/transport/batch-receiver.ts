import { crc32 } from "../../checksum/crc.js";
import type { RankShare } from "../../plan/batch/run-timeline.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import type { Carrier } from "../../rpc/carrier.js";
import { OTHER_VERSION } from "../../rpc/client/call.js";
import type { ChunkHead, ReceivedChunk } from "../../rpc/codec/framing.js";
import type { ChunkMemory } from "../../rpc/lane/lane-reader.js";
import { checkSamples } from "../../rpc/samples.js";
import type { ReceivedBatch } from "./messages.js";

/** A peer broke the protocol, as one of another version may; what it sends from now on means nothing. */
export function brokenProtocol(reason: string): PatchstreamError {
  return new PatchstreamError({ code: "INTERNAL", where: "the server's stream", reason }, OTHER_VERSION);
}

/** Puts the chunks of one batch or volume where they belong, in memory of its own: with one copy out of a message, or read straight to it. */
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
    const { bytes, filled } = this.memoryOf(offset, data.length);
    bytes.set(data);
    filled(data.length);
  }

  /** Where the next bytes go. */
  memoryOf(offset: number, dataBytes: number): ChunkMemory {
    if (offset !== this.#received || offset + dataBytes > this.#bytes.length)
      throw brokenProtocol(`a chunk of ${dataBytes} bytes at ${offset} came after ${this.#received} bytes`);
    return {
      bytes: this.#bytes.subarray(offset, offset + dataBytes),
      filled: (count) => {
        const end = this.#received + count;
        this.#checksum = crc32(this.#bytes.subarray(this.#received, end), this.#checksum);
        this.#received = end;
      },
    };
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
  /** Samples over all ranks. */
  readonly globalBatch: number;
  /** What this rank gets of them. */
  readonly share: Pick<RankShare, "samples" | "tensors" | "byteLength">;
  /** What `address_checksum` must be for a step: it shows that the batch is this run's, for this rank. */
  addressOf(step: number): number;
}

/** Throws PATCH_MISMATCH or MESSAGE_DAMAGED when a batch is not what its stage says, before any memory is taken for it. */
export function checkBegin(begin: Messages["BatchBegin"], expected: ExpectedBatch): void {
  const { step, globalBatch, tensors } = begin;
  if (begin.addressChecksum !== expected.addressOf(step))
    throw new PatchstreamError({
      code: "MESSAGE_DAMAGED",
      what: `the header of step ${step}, or the spec it was cut by,`,
    });
  const { share } = expected;
  const names = share.tensors.map(({ name }) => name);
  if (tensors.length !== names.length || tensors.some(({ name }, index) => name !== names[index]))
    throw brokenProtocol(`step ${step} came with other tensors than ${names.join(", ")}`);
  const mismatch = (got: string, want: string) => new PatchstreamError({ code: "PATCH_MISMATCH", step, got, want });
  for (const [index, want] of share.tensors.entries()) {
    const got = tensors[index] as Messages["Tensor"];
    if (tensorText(got) !== tensorText(want)) throw mismatch(tensorText(got), tensorText(want));
  }
  if (globalBatch !== expected.globalBatch)
    throw mismatch(`a batch of ${globalBatch} samples over all ranks`, `${expected.globalBatch}`);
  checkSamples(begin.samples, share.samples, step);
}

/** Such as "image f32 9x1x40x56x40 (3225600 bytes)". */
function tensorText({ name, type, shape, byteLength }: Messages["Tensor"]): string {
  return `${name} ${type} ${shape.join("x")} (${byteLength} bytes)`;
}

/** One batch on its way in. */
export class BatchReceiver {
  readonly begin: Messages["BatchBegin"];
  readonly #carrier: Carrier;
  readonly #bytes: ByteReceiver;
  readonly #begunMs = performance.now();

  /** `begin` must have been checked against `expected`. */
  constructor(begin: Messages["BatchBegin"], expected: ExpectedBatch, carrier: Carrier) {
    this.begin = begin;
    this.#carrier = carrier;
    this.#bytes = new ByteReceiver(expected.share.byteLength);
  }

  add(chunk: ReceivedChunk): void {
    this.#checkStep(chunk);
    this.#bytes.add(chunk);
  }

  /** Where the data of a chunk that begins goes. */
  memoryOf(chunk: ChunkHead): ChunkMemory {
    this.#checkStep(chunk);
    return this.#bytes.memoryOf(chunk.offset, chunk.dataBytes);
  }

  /** The batch, or undefined where its bytes are not those of its checksum. */
  end({ checksum, servedUs, shared: isShared = false }: Messages["BatchEnd"]): ReceivedBatch | undefined {
    const { step, stage, globalBatch, tensors } = this.begin;
    const samples = this.begin.samples as Messages["Samples"];
    if (!this.#bytes.matches(checksum)) return undefined;
    const carriedMs = performance.now() - this.#begunMs;
    const { buffer } = this.#bytes;
    const carrier = this.#carrier;
    return { step, stage, globalBatch, checksum, tensors, samples, buffer, carrier, carriedMs, servedUs, isShared };
  }

  #checkStep({ step }: { readonly step: number }): void {
    if (step !== this.begin.step) throw brokenProtocol(`a chunk of step ${step} in step ${this.begin.step}`);
  }
}
