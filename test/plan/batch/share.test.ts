import test from "ava";
import fc from "fast-check";
import { checkRank, ONLY_RANK, samplesOf, shareSize } from "../../../plan/batch/share.js";
import { PatchstreamError } from "../../../plan/errors.js";
import { threeStages } from "../six-cases.js";

const shares = fc
  .integer({ min: 1, max: 200 })
  .chain((batchSize) =>
    fc.record({ batchSize: fc.constant(batchSize), ranks: fc.integer({ min: 1, max: batchSize }) }),
  );

test("each sample of a batch belongs to one rank, its number modulo their number", (t) => {
  fc.assert(
    fc.property(shares, ({ batchSize, ranks }) => {
      const owners = Array<number>(batchSize).fill(-1);
      for (let rank = 0; rank < ranks; rank++)
        for (const sample of samplesOf(batchSize, { rank, ranks })) {
          t.is(owners[sample], -1, `sample ${sample} has one owner`);
          owners[sample] = rank;
        }
      t.deepEqual(
        owners,
        owners.map((_, sample) => sample % ranks),
      );
    }),
  );
});

test("a share is as large as the list of its samples, which ascends, and no two differ by more than one sample", (t) => {
  fc.assert(
    fc.property(shares, ({ batchSize, ranks }) => {
      const sizes = Array.from({ length: ranks }, (_, rank) => {
        const samples = [...samplesOf(batchSize, { rank, ranks })];
        t.deepEqual(
          samples,
          samples.toSorted((a, b) => a - b),
        );
        t.is(shareSize(batchSize, { rank, ranks }), samples.length);
        return samples.length;
      });
      t.true(Math.max(...sizes) - Math.min(...sizes) <= 1 && Math.min(...sizes) >= 1);
    }),
  );
  t.deepEqual([...samplesOf(3, ONLY_RANK)], [0, 1, 2]);
});

test("as many ranks as the smallest batch has samples are let in, one more and a rank beyond the last are not", (t) => {
  const batchSize = fc.integer({ min: 1, max: 30 });
  fc.assert(
    fc.property(fc.array(batchSize, { minLength: 1, maxLength: 5 }), batchSize, (ofStages, ofPlan) => {
      const spec = {
        plan: { ...threeStages.plan, batchSize: ofPlan },
        stages: ofStages.map((size) => ({
          patchSize: [8, 8, 8] as const,
          batchSize: size,
          epochs: 1,
          foregroundFraction: 0.5,
        })),
      } as const;
      const ranks = Math.min(ofPlan, ...ofStages);
      for (let rank = 0; rank < ranks; rank++) checkRank(spec, { rank, ranks });
      const refusal = (rank: number, of: number) =>
        t.throws(() => checkRank(spec, { rank, ranks: of }), { instanceOf: PatchstreamError }).facts;
      for (const wrong of [ranks + 1, 0, -1, 0.5])
        t.like(refusal(0, wrong), { code: "REQUEST_INVALID", field: "ranks", got: wrong });
      for (const wrong of [ranks, -1, 0.5])
        t.like(refusal(wrong, ranks), { code: "REQUEST_INVALID", field: "rank", got: wrong });
    }),
  );
});
