import test from "ava";
import fc from "fast-check";
import { packCrops, packedCount, plannedTransforms, unpackCrop } from "../../../loader/engine/workers/packed-crops.js";
import { groupParts, samplesOfTask, splitBatch } from "../../../loader/engine/workers/split-batch.js";
import type { BatchPlan, Crop } from "../../../plan/batch/batch-plan.js";
import { ANNOTATED } from "../../../plan/label-set.js";

const crop: fc.Arbitrary<Crop> = fc.record({
  kind: fc.constant("random" as const),
  sample: fc.nat(),
  case: fc.constantFrom("a", "b", "c"),
  lower: fc.tuple(
    fc.integer({ min: -50, max: 500 }),
    fc.integer({ min: -50, max: 500 }),
    fc.integer({ min: -50, max: 500 }),
  ),
  transforms: fc.array(fc.record({ kind: fc.constant("mirror" as const), axes: fc.subarray([0, 1, 2] as const) }), {
    maxLength: 2,
  }),
});

function planOf(crops: readonly Crop[]): BatchPlan {
  const size = [8, 8, 8] as const;
  return { timeline: "train", step: 0, stage: 0, patchSize: size, cropSize: size, globalBatch: crops.length, crops };
}

/** Of each case: what its parts share with those they may share a task with. */
const KEYS: Readonly<Record<string, number>> = { a: 0, b: 0 };

test("the tasks of a batch hold each of its samples once, in parts of one case, and only what may share one", (t) => {
  const check = (crops: Crop[], sampleBytes: number, workers: number) => {
    const most = samplesOfTask(crops.length, sampleBytes, workers);
    const groups = groupParts(splitBatch(planOf(crops), most), most, ({ caseId }) => KEYS[caseId]);
    const places = groups.flat().flatMap((part) => {
      t.true(part.crops.every((placed) => placed.crop.case === part.caseId));
      return part.crops.map(({ place, crop: placed }) => {
        t.is(placed, crops[place] as Crop);
        return place;
      });
    });
    t.deepEqual(
      places.sort((a, b) => a - b),
      [...crops.keys()],
    );
    for (const group of groups) {
      const keys = new Set(group.map(({ caseId }) => KEYS[caseId]));
      t.is(keys.size, 1);
      t.true(group.length === 1 || !keys.has(undefined));
      t.true(group.reduce((samples, part) => samples + part.crops.length, 0) <= most);
    }
  };
  const sampleBytes = fc.integer({ min: 2_000, max: 2_000_000 });
  fc.assert(
    fc.property(fc.array(crop, { minLength: 1, maxLength: 80 }), sampleBytes, fc.integer({ min: 1, max: 8 }), check),
  );
});

test("many tiny patches make few tasks, a few large ones a task each", (t) => {
  const of = (count: number) =>
    planOf(
      Array.from({ length: count }, (_, sample) => {
        return {
          kind: "random",
          sample,
          case: sample % 2 === 0 ? "a" : "b",
          lower: [0, 0, 0],
          transforms: [],
        } as const;
      }),
    );
  const tasks = (samples: number, sampleBytes: number) => {
    const most = samplesOfTask(samples, sampleBytes, 2);
    return groupParts(splitBatch(of(samples), most), most, () => 0).length;
  };
  t.is(tasks(1575, 2560), 2);
  t.is(tasks(2, 450_000), 2);
});

test("packing keeps which sample a crop is and where it lies; transforms go along where they are drawn", (t) => {
  const crops: Crop[] = [
    { kind: "random", sample: 0, case: "a", lower: [-3, 0, 70_000], transforms: [{ kind: "mirror", axes: [0, 2] }] },
    { kind: "foreground", sample: 3, case: "a", class: 7, location: 9_999, transforms: [] },
    { kind: "annotated", sample: 5, case: "a", location: 4, transforms: [] },
  ];
  const placed = crops.map((one, index) => ({ place: 10 + index, crop: one }));
  const packed = packCrops(placed, [2, 7, ANNOTATED]);
  t.is(packedCount(packed), 3);
  t.deepEqual(
    [0, 1, 2].map((index) => unpackCrop(packed, index)),
    [
      { place: 10, sample: 0, from: { kind: "random", lower: [-3, 0, 70_000] } },
      { place: 11, sample: 3, from: { kind: "located", classIndex: 1, location: 9_999 } },
      { place: 12, sample: 5, from: { kind: "located", classIndex: 2, location: 4 } },
    ],
  );
  t.deepEqual(plannedTransforms(placed), [[{ kind: "mirror", axes: [0, 2] }], [], []]);
  const left = { place: 13, crop: { kind: "random", sample: 6, case: "a", lower: [0, 0, 0] } } as const;
  t.deepEqual(plannedTransforms([...placed, left])?.at(-1), undefined);
  t.is(plannedTransforms([left]), undefined);
});
