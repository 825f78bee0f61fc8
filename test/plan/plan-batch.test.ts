import test from "ava";
import fc from "fast-check";
import type { Address } from "../../plan/batch/address.js";
import type { CaseEntry } from "../../plan/batch/case-table.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { ResolvedSpec, Strategy } from "../../plan/run-spec/resolved-spec.js";
import { randomStartBounds } from "../../plan/sampling/box.js";
import { foregroundCount } from "../../plan/sampling/foreground-count.js";
import { planBatch } from "../../plan/sampling/plan-batch.js";
import { sixCases, threeStages } from "./six-cases.js";

const strategies: readonly Strategy[] = ["nnunet", "single-volume", "multi-crop", "split-crop", "single-crop"];
const spec = (): fc.Arbitrary<ResolvedSpec> =>
  fc
    .record({ strategy: fc.constantFrom(...strategies), seed: fc.maxSafeNat() })
    .map((some) => ({ ...threeStages, ...some }));
const address = (): fc.Arbitrary<Address> =>
  fc.record({ timeline: fc.constant("train" as const), step: fc.nat(16), stage: fc.nat(2) });
const entry = (id: string) => sixCases.cases.find((one) => one.id === id) as CaseEntry;

test("the union over ranks is the same batch for any number of them", (t) => {
  fc.assert(
    fc.property(spec(), address(), fc.integer({ min: 1, max: 4 }), (spec, address, ranks) => {
      const whole = planBatch(spec, sixCases, address);
      const shares = Array.from({ length: ranks }, (_, rank) => planBatch(spec, sixCases, address, { rank, ranks }));
      const union = shares.flatMap(({ crops }) => crops).sort((a, b) => a.sample - b.sample);
      t.deepEqual({ ...whole, crops: union }, whole);
      for (const [rank, share] of shares.entries()) t.true(share.crops.every(({ sample }) => sample % ranks === rank));
    }),
  );
});

test("a batch is a value: planned twice, after others, it is the same; another step or seed gives another", (t) => {
  const at = { timeline: "train", step: 9, stage: 0 } as const;
  const first = planBatch(threeStages, sixCases, at);
  planBatch(threeStages, sixCases, { ...at, step: 3 });
  t.deepEqual(planBatch(threeStages, sixCases, at), first);
  t.notDeepEqual(planBatch(threeStages, sixCases, { ...at, step: 10 }).crops, first.crops);
  t.notDeepEqual(planBatch({ ...threeStages, seed: 2 }, sixCases, at).crops, first.crops);
});

test("foreground samples are the last ones, in nnU-Net's number, of classes and locations that their case has", (t) => {
  const everyCaseHasForeground = { ...threeStages, split: { train: ["case_0", "case_2", "case_4"], val: ["case_0"] } };
  fc.assert(
    fc.property(spec(), address(), ({ strategy, seed }, address) => {
      const { crops, globalBatch } = planBatch({ ...everyCaseHasForeground, strategy, seed }, sixCases, address);
      const random = globalBatch - foregroundCount(globalBatch, 0.5);
      for (const [sample, crop] of crops.entries()) {
        t.is(crop.sample, sample);
        t.is(crop.kind, sample < random ? "random" : "foreground");
        if (crop.kind !== "foreground") continue;
        const stored = entry(crop.case).foregroundCounts[sixCases.classes.indexOf(crop.class)] ?? 0;
        t.true(crop.location >= 0 && crop.location < stored);
      }
    }),
  );
});

test("random boxes start within the bounds", (t) => {
  fc.assert(
    fc.property(spec(), address(), (spec, address) => {
      const { crops, cropSize } = planBatch(spec, sixCases, address);
      for (const crop of crops) {
        if (crop.kind !== "random") continue;
        const { lower, upper } = randomStartBounds(entry(crop.case).shape, cropSize);
        t.true([0, 1, 2].every((axis) => (crop.lower[axis] ?? 0) >= (lower[axis] ?? 0)));
        t.true([0, 1, 2].every((axis) => (crop.lower[axis] ?? 0) <= (upper[axis] ?? 0)));
      }
    }),
  );
});

test("a case without foreground gives a random box in a foreground sample's place", (t) => {
  const onlyEmpty = { ...threeStages, strategy: "nnunet", split: { train: ["case_5"], val: ["case_5"] } } as const;
  const { crops } = planBatch(onlyEmpty, sixCases, { timeline: "train", step: 0, stage: 0 });
  t.true(crops.every(({ kind }) => kind === "random"));
});

test("split-crop takes all foreground from one case and all else from another", (t) => {
  fc.assert(
    fc.property(fc.maxSafeNat(), address(), (seed, address) => {
      const { crops, globalBatch } = planBatch({ ...threeStages, seed }, sixCases, address);
      const random = globalBatch - foregroundCount(globalBatch, 0.5);
      const [randomCases, foregroundCases] = [crops.slice(0, random), crops.slice(random)].map(
        (part) => new Set(part.map((crop) => crop.case)),
      );
      t.is(randomCases?.size, 1);
      t.is(foregroundCases?.size, 1);
      t.notDeepEqual(randomCases, foregroundCases);
    }),
  );
});

test("every ordered pair of different cases occurs in split-crop", (t) => {
  const pairs = new Set<string>();
  for (let seed = 0; seed < 200; seed++) {
    const { crops } = planBatch({ ...threeStages, seed }, sixCases, { timeline: "train", step: 0, stage: 2 });
    pairs.add(`${crops.at(-1)?.case} ${crops[0]?.case}`);
  }
  t.is(pairs.size, 5 * 4);
});

test("multi-crop takes both kinds from each of two cases", (t) => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (seed) => {
      const at = { timeline: "train", step: 0, stage: 0 } as const;
      const spec = {
        ...threeStages,
        strategy: "multi-crop",
        seed,
        split: { train: ["case_0", "case_1"], val: [] },
      } as const;
      const { crops } = planBatch(spec, sixCases, at);
      t.is(new Set(crops.map((crop) => `${crop.case} ${crop.kind}`)).size, 4);
    }),
  );
});

test("single-crop uses each case once before any twice, single-volume one case only", (t) => {
  fc.assert(
    fc.property(fc.maxSafeNat(), address(), (seed, address) => {
      const single = planBatch({ ...threeStages, strategy: "single-crop", seed }, sixCases, address);
      for (let start = 0; start < single.crops.length; start += 5) {
        const round = single.crops.slice(start, start + 5).map((crop) => crop.case);
        t.is(new Set(round).size, round.length);
      }
      const volume = planBatch({ ...threeStages, strategy: "single-volume", seed }, sixCases, address);
      t.is(new Set(volume.crops.map((crop) => crop.case)).size, 1);
    }),
  );
});

test("mirroring flips listed axes only, about half of the time each", (t) => {
  const flips = [0, 0, 0];
  for (let step = 0; step < 17; step++) {
    for (const { transforms } of planBatch(threeStages, sixCases, { timeline: "train", step, stage: 0 }).crops) {
      for (const axis of transforms.flatMap((one) => (one.kind === "mirror" ? one.axes : [])))
        flips[axis] = (flips[axis] ?? 0) + 1;
    }
  }
  const drawn = 17 * 31;
  t.is(flips[1], 0);
  for (const axis of [0, 2]) t.true(Math.abs((flips[axis] ?? 0) / drawn - 0.5) < 4 * Math.sqrt(0.25 / drawn));
});

test("the val timeline has the plan's patch and batch, nnU-Net's rule, no augmentation, and cases of split.val", (t) => {
  const plan = planBatch(threeStages, sixCases, { timeline: "val", step: 20, stage: 2 });
  t.deepEqual([plan.patchSize, plan.cropSize, plan.globalBatch], [[32, 40, 32], [32, 40, 32], 4]);
  for (const { case: id, transforms } of plan.crops) {
    t.true(threeStages.split.val.includes(id));
    t.deepEqual(transforms, []);
  }
});

test("steps, stages, ranks and cases that do not exist are refused by name", (t) => {
  const at = { timeline: "train", step: 0, stage: 0 } as const;
  const code = (plan: () => unknown) => t.throws(plan, { instanceOf: PatchstreamError })?.message;
  t.is(
    code(() => planBatch(threeStages, sixCases, { ...at, step: 17 })),
    "step 17 does not exist; the train timeline has steps 0 to 16",
  );
  t.is(
    code(() => planBatch(threeStages, sixCases, { ...at, stage: 3 })),
    "stage 3 does not exist; the train timeline has stages 0 to 2",
  );
  t.is(
    code(() => planBatch(threeStages, sixCases, at, { rank: 0, ranks: 5 })),
    "ranks is 5; it must be an integer from 1 to 4, the smallest batch of the run",
  );
  t.is(
    code(() => planBatch(threeStages, sixCases, at, { rank: 2, ranks: 2 })),
    "rank is 2; it must be an integer from 0 to 1 (of 2 ranks)",
  );
  const missing = { ...threeStages, split: { train: ["case_9", "case_0"], val: [] } };
  t.is(
    code(() => planBatch(missing, sixCases, at)),
    'no case "case_9"; known: case_0, case_1, case_2, case_3, case_4, case_5',
  );
});
