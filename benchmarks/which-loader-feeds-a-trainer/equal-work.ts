import type { Arm } from "./arm.js";
import type { Job, Proof } from "./job.js";

/** Shares differ by chance, and since peers place their random patches a little differently. */
const PLACEMENT_TOLERANCE = 0.15;
const SURPLUS = 1.25;

/** Throws unless what the arms' batches hold is what the job asks for, and their foreground shares agree with the first one's. */
export async function proveEqualWork(arms: readonly Arm[], job: Job, samples: number): Promise<void> {
  let ours: Proof | undefined;
  for (const arm of arms) {
    const proof = await arm.prove(samples);
    checkBatch(arm.name, proof, job);
    ours ??= proof;
    const difference = Math.abs(share(proof) - share(ours));
    const tolerance = PLACEMENT_TOLERANCE + 3 * Math.sqrt(0.25 / proof.samples + 0.25 / ours.samples);
    if (difference > tolerance)
      throw new Error(`${arm.name}: ${share(proof)} of the patches hold foreground, of ours ${share(ours)}`);
  }
}

function share({ samples, foregroundSamples }: Proof): number {
  return foregroundSamples / samples;
}

/** Batches may be a little larger, where a peer crops equally many patches from each volume: samples are what is counted. */
function checkBatch(name: string, { imageShape, imageType }: Proof, { batch, patch }: Job): void {
  const [samples, ...sample] = imageShape as [number, ...number[]];
  const right = samples >= batch && samples <= batch * SURPLUS && sample.join() === [1, ...patch].join();
  if (!right || imageType !== "float32")
    throw new Error(
      `${name} gives ${imageType} ${imageShape.join("x")}, wanted float32 ${[batch, 1, ...patch].join("x")}`,
    );
}
