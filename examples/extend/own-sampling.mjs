// A sampling of your own: a batch plan is a value, so write one and have it cut. Here a case that is hard to learn comes three times as often.
// Usage: node own-sampling.mjs STORE HARD_CASE
import { openEngine, openStore } from "patchstream/loader";
import { caseTable, drawUniform, locationClasses, OWN_PURPOSES, resolveSpec } from "patchstream/plan";

const [path, hard] = process.argv.slice(2);
const store = await openStore(path);
const { dataset } = store;
const engine = await openEngine(store, { workers: 1 });
const spec = resolveSpec(
  { dataset: dataset.name, augmentation: "none", seed: 1 },
  { ...dataset, cases: caseTable(dataset) },
);
const [stage] = spec.stages;
const lots = dataset.cases.flatMap((one) => Array(one.id === hard ? 3 : 1).fill(one));

/** One sample: a function of the seed, the step and the sample's number, as all draws are. */
function drawCrop(step, sample) {
  const below = (count, index) =>
    Math.floor(drawUniform({ seed: spec.seed, timeline: "train", step, sample }, OWN_PURPOSES, index) * count);
  const { id, foregroundCounts } = lots[below(lots.length, 0)];
  const location = below(foregroundCounts[0], 1);
  return { kind: "foreground", sample, case: id, class: locationClasses(dataset)[0], location, transforms: [] };
}

for (let step = 0; step < 20; step++) {
  const crops = Array.from({ length: stage.batchSize }, (_, sample) => drawCrop(step, sample));
  const { patchSize, cropSize = patchSize } = stage;
  const plan = { timeline: "train", step, stage: 0, patchSize, cropSize, globalBatch: crops.length, crops };
  const batch = await engine.cut(spec, plan, { checksum: true });
  console.log(`step ${step} cases ${crops.map((crop) => crop.case).join(",")} crc32 ${batch.checksum}`);
  batch.release();
}
await engine[Symbol.asyncDispose]();
