import { readFileSync } from "node:fs";
import test from "ava";
import fc from "fast-check";
import { type Augmentation, NNUNET_AUGMENTATION } from "../../../plan/augment/augmentation.js";
import { drawAugmentation } from "../../../plan/augment/draw-augmentation.js";
import { isDummy2d } from "../../../plan/augment/dummy-2d.js";
import type { Subject } from "../../../plan/augment/subject.js";
import type { Transform } from "../../../plan/augment/transform.js";
import { PURPOSE, purposeWord } from "../../../plan/random.js";
import type { Zyx } from "../../../plan/zyx.js";

const subject = (): fc.Arbitrary<Subject> => {
  const axis = fc.integer({ min: 1, max: 200 });
  const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
  const place = fc.record({
    seed: fc.maxSafeNat(),
    timeline: fc.constant("train" as const),
    step: word,
    sample: fc.nat(5000),
  });
  return fc.record({
    place,
    cropSize: fc.tuple(axis, axis, axis) as fc.Arbitrary<Zyx>,
    channels: fc.integer({ min: 1, max: 4 }),
  });
};

/** Entries of which every one happens. */
const always: readonly Augmentation[] = NNUNET_AUGMENTATION.map((entry) => {
  if (entry.kind === "mirror") return entry;
  if (entry.kind === "mask") return { ...entry, channels: [0] };
  if (entry.kind === "spatial") return { ...entry, rotationProbability: 1, scalingProbability: 1 };
  return { ...entry, probability: 1 };
});

test("an entry left out changes none of the others, and transforms keep the list's order", (t) => {
  fc.assert(
    fc.property(subject(), fc.subarray([...always]), (subject, some) => {
      const apart = some.flatMap((entry) => drawAugmentation([entry], subject));
      t.deepEqual(drawAugmentation(some, subject), apart);
    }),
  );
});

test("another channel changes none of the other channels", (t) => {
  const firstChannels = (transforms: readonly Transform[], count: number) =>
    transforms.map((one) => {
      if ("factors" in one) return one.factors.slice(0, count);
      if ("gammas" in one) return one.gammas.slice(0, count);
      return ["spatial", "noise", "mirror", "mask"].includes(one.kind) ? one : [];
    });
  fc.assert(
    fc.property(subject(), (subject) => {
      const more = { ...subject, channels: subject.channels + 1 };
      const transforms = drawAugmentation(always, subject).filter((one) => !("sigmas" in one) && !("zooms" in one));
      const moreTransforms = drawAugmentation(always, more).filter((one) => !("sigmas" in one) && !("zooms" in one));
      t.deepEqual(firstChannels(moreTransforms, subject.channels), firstChannels(transforms, subject.channels));
    }),
  );
});

test("transforms are plain JSON, as they are printed and sent", (t) => {
  fc.assert(
    fc.property(subject(), (subject) => {
      const transforms = drawAugmentation(always, subject);
      t.deepEqual(JSON.parse(JSON.stringify(transforms)), transforms);
    }),
  );
});

test("a transform that leaves every channel as it is is left out", (t) => {
  const never = always.map((entry) => ("channelProbability" in entry ? { ...entry, channelProbability: 0 } : entry));
  fc.assert(
    fc.property(subject(), (subject) => {
      const kinds = drawAugmentation(never, subject).map(({ kind }) => kind);
      t.false(kinds.includes("blur") || kinds.includes("low-resolution"));
    }),
  );
});

test("factors of a range that lies on one side of 1 stay in it", (t) => {
  fc.assert(
    fc.property(subject(), fc.constantFrom([0.5, 0.8] as const, [1, 1.2] as const), (subject, range) => {
      const [transform] = drawAugmentation([{ kind: "brightness", probability: 1, range }], subject);
      const factors = transform?.kind === "brightness" ? transform.factors : [];
      t.is(factors.length, subject.channels);
      t.true(factors.every((factor) => factor !== null && factor >= range[0] && factor <= range[1]));
    }),
  );
});

test("noise says where in the run its random numbers stand", (t) => {
  fc.assert(
    fc.property(subject(), (subject) => {
      const [noise] = drawAugmentation([{ kind: "noise", probability: 1, range: [0, 0.1] }], subject);
      const { step, sample } = subject.place;
      t.deepEqual(noise?.kind === "noise" && noise.counter, [
        step,
        sample,
        purposeWord(subject.place, PURPOSE.noiseVoxels),
      ]);
    }),
  );
});

test("stages of flat patches are those recomputed for the 15 data sets", (t) => {
  const golden = new URL("../../../../test/golden/plans15.json", import.meta.url);
  const datasets = JSON.parse(readFileSync(golden, "utf8")) as {
    name: string;
    stagePatches: Zyx[];
    dummy2dStages: number[];
  }[];
  for (const { name, stagePatches, dummy2dStages } of datasets) {
    const stages = stagePatches.flatMap((patch, stage) => (isDummy2d(patch) ? [stage] : []));
    t.deepEqual(stages, dummy2dStages, name);
  }
});
