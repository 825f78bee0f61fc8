// A transform of your own, after the batch has come: a bias field that brightens one side of each image. It draws from the batch's address, so
// that the batch stays a value: step 7 looks the same today, after a crash, and on every machine.
// Usage: node own-transform.mjs HOST:PORT
import { connect } from "patchstream";
import { drawUniform, OWN_PURPOSES } from "patchstream/plan";

const STRENGTH = 0.3;

function brightenOneSide({ image, step }, seed) {
  const [samples, channels, z, y, x] = image.shape;
  const voxels = channels * z * y * x;
  for (let sample = 0; sample < samples; sample++) {
    const strength = STRENGTH * (2 * drawUniform({ seed, timeline: "train", step, sample }, OWN_PURPOSES, 0) - 1);
    for (let at = 0; at < voxels; at++) image.data[sample * voxels + at] *= 1 + strength * ((at % x) / x - 0.5);
  }
}

const client = await connect(process.argv[2]);
const run = await client.openRun({ dataset: "Task04_Hippocampus", epochs: 1, stepsPerEpoch: 3, seed: 1 });
for await (const batch of run.batches()) {
  brightenOneSide(batch, run.info.spec.seed);
  console.log(
    `step ${batch.step} mean ${batch.image.data.reduce((sum, value) => sum + value, 0) / batch.image.data.length}`,
  );
}
await run[Symbol.asyncDispose]();
await client[Symbol.asyncDispose]();
