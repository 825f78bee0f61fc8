/** The limit of any cutting: as many bytes as a batch has, copied from memory larger than any cache. */
import type { Job } from "../job.js";
import { answerRequests, type LoadedBatch } from "./answer.js";

const SOURCE_BYTES = 2 ** 28;

async function* openLoader({ batch, patch }: Job): AsyncGenerator<LoadedBatch> {
  const voxels = patch.reduce((product, extent) => product * extent, batch);
  const target = new Uint8Array(voxels * (Float32Array.BYTES_PER_ELEMENT + Uint8Array.BYTES_PER_ELEMENT));
  const source = new Uint8Array(SOURCE_BYTES).fill(1);
  for (let from = 0; ; from += target.length) {
    if (from + target.length > source.length) from = 0;
    target.set(source.subarray(from, from + target.length));
    yield { imageShape: [batch, 1, ...patch], label: target };
  }
}

await answerRequests(openLoader);
