// A curriculum of your own: a list of stages, made by any code. Here a cycle: small patches, large ones, and small ones again.
// Usage: node own-curriculum.mjs HOST:PORT
import { connect } from "patchstream";

const SIZES = [8, 16, 24, 32, 24, 16];
const VOXELS = 2 * 32 ** 3; // what every batch may hold

const stages = SIZES.map((size) => ({
  patchSize: [size, size, size],
  batchSize: Math.floor(VOXELS / size ** 3),
  epochs: size === 32 ? 2 : 1,
  foregroundFraction: size < 24 ? 0.5 : 0.33,
}));

const client = await connect(process.argv[2]);
const run = await client.openRun({ dataset: "Task04_Hippocampus", stages, stepsPerEpoch: 2, augmentation: "none" });
for await (const batch of run.batches())
  console.log(`step ${batch.step} stage ${batch.stage} ${batch.image.shape.join("x")} crc32 ${batch.checksum}`);
await run[Symbol.asyncDispose]();
await client[Symbol.asyncDispose]();
