import type { Messages } from "../../proto/messages.js";
import { CHUNK_BYTES, chunkFrame, type Frame } from "../../rpc/codec/framing.js";

/** Chunks handed to gRPC and not yet taken: the next is always there when one has gone, and no more than that waits. */
const CHUNKS_IN_FLIGHT = 4;

/** Bytes as chunk frames, in order. The memory must stay as it is until gRPC has taken the last one. */
export function* chunksOf(bytes: Uint8Array, step = 0): Generator<Frame> {
  for (let offset = 0; offset < bytes.length; offset += CHUNK_BYTES)
    yield chunkFrame(step, offset, bytes.subarray(offset, offset + CHUNK_BYTES));
}

export type BatchFrame = { readonly kind: "batchBegin"; readonly batchBegin: Messages["BatchBegin"] } | BatchEndFrame;
type BatchEndFrame = { readonly kind: "batchEnd"; readonly batchEnd: Messages["BatchEnd"] };

/** A batch with its memory. */
export interface LeasedBatch {
  readonly begin: Messages["BatchBegin"];
  readonly lease: { readonly bytes: Uint8Array; readonly checksum: number; release(): void };
}

/** The frames of a batch, for a writer that comes back when gRPC has taken the last one. Releases the lease at the end or when left. */
export async function* batchFrames({ begin, lease }: LeasedBatch): AsyncGenerator<BatchFrame | Frame> {
  try {
    yield { kind: "batchBegin", batchBegin: begin };
    yield* chunksOf(lease.bytes, begin.step);
    yield { kind: "batchEnd", batchEnd: { step: begin.step, checksum: lease.checksum } };
  } finally {
    lease.release();
  }
}

/** Sends a batch with a few writes in flight, `servedUs` as it is at its end, whether it `isShared` with another stream, and releases its lease when all of them are done or the call has closed. */
export async function sendBatch(
  send: (message: BatchFrame | Frame) => Promise<void>,
  { begin, lease, servedUs, isShared }: LeasedBatch & { servedUs(): number; readonly isShared: boolean },
): Promise<void> {
  const writes: Promise<void>[] = [];
  try {
    writes.push(send({ kind: "batchBegin", batchBegin: begin }));
    for (const frame of chunksOf(lease.bytes, begin.step)) {
      if (writes.length >= CHUNKS_IN_FLIGHT) await writes.shift();
      writes.push(send(frame));
    }
    while (writes.length >= CHUNKS_IN_FLIGHT) await writes.shift();
    const batchEnd = { step: begin.step, checksum: lease.checksum, servedUs: servedUs(), shared: isShared };
    writes.push(send({ kind: "batchEnd", batchEnd }));
    await Promise.all(writes);
  } finally {
    await Promise.allSettled(writes);
    lease.release();
  }
}
