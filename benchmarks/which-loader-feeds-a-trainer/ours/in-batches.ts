import type { Job } from "../job.js";
import type { LoadedBatch } from "./answer.js";

/** One batch for as many bytes as ours has: float32 image and uint8 label. */
export async function* inBatches(
  messages: AsyncIterable<Uint8Array>,
  { batch, patch }: Job,
): AsyncGenerator<LoadedBatch> {
  const voxels = patch.reduce((product, extent) => product * extent, batch);
  const batchBytes = voxels * (Float32Array.BYTES_PER_ELEMENT + Uint8Array.BYTES_PER_ELEMENT);
  let waiting = 0;
  for await (const message of messages)
    for (waiting += message.byteLength; waiting >= batchBytes; waiting -= batchBytes)
      yield { imageShape: [batch, 1, ...patch], label: message };
}
