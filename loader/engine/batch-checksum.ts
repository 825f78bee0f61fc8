import { crc32 } from "node:zlib";
import { combineCrc32 } from "./crc32-combine.js";
import type { BatchTensors } from "./tensors.js";

/** CRC-32 of neighbouring samples' image bytes, and of their label bytes. */
export interface RunChecksum {
  /** Place in the batch of the first of them. */
  readonly place: number;
  readonly samples: number;
  readonly image: number;
  readonly label: number;
}

/** Checksums of the samples at `places` (ascending) of a batch, a run of neighbours at a time. */
export function checksumRuns(places: readonly number[], batch: Uint8Array, tensors: BatchTensors): RunChecksum[] {
  const [imageBytes, labelBytes] = bytesPerSample(tensors);
  const labelOffset = tensors[1].offset;
  return runsOf(places).map(({ place, samples }) => {
    const end = place + samples;
    return {
      place,
      samples,
      image: crc32(batch.subarray(place * imageBytes, end * imageBytes)),
      label: crc32(batch.subarray(labelOffset + place * labelBytes, labelOffset + end * labelBytes)),
    };
  });
}

/** CRC-32 over all of a batch's bytes, from those of its runs. */
export function joinChecksums(runs: readonly RunChecksum[], tensors: BatchTensors): number {
  const [imageBytes, labelBytes] = bytesPerSample(tensors);
  const inOrder = [...runs].sort((a, b) => a.place - b.place);
  const images = inOrder.reduce((crc, run) => combineCrc32(crc, run.image, run.samples * imageBytes), 0);
  return inOrder.reduce((crc, run) => combineCrc32(crc, run.label, run.samples * labelBytes), images);
}

function bytesPerSample([image, label]: BatchTensors): readonly [image: number, label: number] {
  const samples = label.shape[0] as number;
  return [image.byteLength / samples, label.byteLength / samples];
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
