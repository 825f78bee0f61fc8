import { crc32 } from "node:zlib";
import { combineCrc32 } from "./crc32-combine.js";
import type { BatchTensors } from "./tensors.js";

/** CRC-32 of neighbouring samples' bytes in each of the batch's tensors. */
export interface RunChecksum {
  /** Place in the batch of the first of them. */
  readonly place: number;
  readonly samples: number;
  readonly tensors: readonly number[];
}

/** Checksums of the samples at `places` (ascending) of a batch, a run of neighbours at a time. */
export function checksumRuns(places: readonly number[], batch: Uint8Array, tensors: BatchTensors): RunChecksum[] {
  return runsOf(places).map(({ place, samples }) => {
    const ofTensor = (tensor: BatchTensors[number]) => {
      const bytes = bytesPerSample(tensor);
      const start = tensor.offset + place * bytes;
      return crc32(batch.subarray(start, start + samples * bytes));
    };
    return { place, samples, tensors: tensors.map(ofTensor) };
  });
}

/** CRC-32 over all of a batch's bytes, from those of its runs. */
export function joinChecksums(runs: readonly RunChecksum[], tensors: BatchTensors): number {
  const inOrder = [...runs].sort((a, b) => a.place - b.place);
  return tensors.reduce((before, tensor, index) => {
    const bytes = bytesPerSample(tensor);
    return inOrder.reduce((crc, run) => combineCrc32(crc, run.tensors[index] as number, run.samples * bytes), before);
  }, 0);
}

function bytesPerSample({ shape, byteLength }: BatchTensors[number]): number {
  return byteLength / (shape[0] as number);
}

/** Neighbours among `places` (ascending), each run by its first place. */
export function runsOf(places: readonly number[]): { place: number; samples: number }[] {
  const runs: { place: number; samples: number }[] = [];
  for (const place of places) {
    const last = runs.at(-1);
    if (last !== undefined && last.place + last.samples === place) last.samples++;
    else runs.push({ place, samples: 1 });
  }
  return runs;
}
