import { crc32 } from "node:zlib";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import type { Store } from "../../../loader/dataset/store.js";
import { type Engine, openEngine } from "../../../loader/engine/engine.js";
import type { Address } from "../../../plan/batch/address.js";
import { caseTable } from "../../../plan/batch/case-table.js";
import { ONLY_RANK, type Rank } from "../../../plan/batch/share.js";
import { type BatchTensors, shareTensors, tensorBytes } from "../../../plan/batch/tensors.js";
import { resolveSpec } from "../../../plan/run-spec/resolve.js";
import type { ResolvedSpec } from "../../../plan/run-spec/resolved-spec.js";
import { planBatch } from "../../../plan/sampling/plan-batch.js";
import { sameBytes } from "../../dataset/same-bytes.js";
import { closeSampleEngine, openSampleEngine, ROOM, type SampleEngine } from "../sample-engine.js";

const test = anyTest as TestFn<SampleEngine>;
type Context = ExecutionContext<SampleEngine>;

test.before(async (t) => {
  t.context = await openSampleEngine();
});
test.after.always((t) => closeSampleEngine(t.context));

function specOf({ dataset }: Store, fields: object): ResolvedSpec {
  const spec = {
    dataset: dataset.name,
    split: { fold: "all" },
    plan: { patchSize: [40, 56, 40], batchSize: 3, pooling: [3, 3, 3] },
    mode: "performance",
    deepSupervision: true,
    ...fields,
  };
  return resolveSpec(spec, { ...dataset, cases: caseTable(dataset) });
}

interface CutBatch {
  readonly tensors: BatchTensors;
  readonly bytes: Buffer;
}

/** A batch of `spec` in memory of its own, its checksum verified; `engine` is the file's where not said. */
async function cutBatch(
  t: Context,
  spec: ResolvedSpec,
  address: Address,
  { rank = ONLY_RANK, engine = t.context.engine }: { rank?: Rank; engine?: Engine } = {},
): Promise<CutBatch> {
  const lease = await engine.cut(spec, planBatch(spec, caseTable(engine.dataset), address, rank), {
    checksum: true,
  });
  t.is(lease.checksum, crc32(lease.bytes));
  const batch = { tensors: lease.tensors, bytes: Buffer.from(lease.bytes) };
  lease.release();
  return batch;
}

/** A label of a batch as numbers. */
function labelOf({ tensors, bytes }: CutBatch, index: number): { values: Int16Array; shape: readonly number[] } {
  const { type, shape, offset, byteLength } = tensors[index] as BatchTensors[1];
  const own = Uint8Array.from(bytes.subarray(offset, offset + byteLength));
  return { values: type === "u8" ? Int16Array.from(own) : new Int16Array(own.buffer), shape };
}

/** Of labels (B,Z,Y,X) the voxels that a decoder level has whose voxels are `ratio` (Z,Y,X) full ones long. */
function everyNth({ values, shape }: ReturnType<typeof labelOf>, ratio: readonly number[]): Int16Array {
  const [, depth, height, width] = shape as [number, number, number, number];
  const isMiddle = (index: number, axis: 0 | 1 | 2) =>
    index % (ratio[axis] as number) === Math.floor((ratio[axis] as number) / 2);
  return values.filter((_, index) => {
    const [z, y, x] = [Math.floor(index / width / height) % depth, Math.floor(index / width) % height, index % width];
    return isMiddle(z, 0) && isMiddle(y, 1) && isMiddle(x, 2);
  });
}

const ANISOTROPIC = {
  patchSize: [20, 56, 40],
  batchSize: 3,
  strides: [
    [1, 1, 1],
    [1, 2, 2],
    [2, 2, 2],
    [2, 2, 2],
  ],
};

const RUNS: readonly (readonly [what: string, fields: object, address: Address, ratios: readonly number[][]])[] = [
  [
    "a small stage",
    {},
    { timeline: "train", step: 3, stage: 1 },
    [
      [2, 2, 2],
      [4, 4, 4],
    ],
  ],
  [
    "the last stage",
    {},
    { timeline: "train", step: 3, stage: 14 },
    [
      [2, 2, 2],
      [4, 4, 4],
    ],
  ],
  [
    "i16",
    { wire: { label: "i16", image: "f16" } },
    { timeline: "train", step: 3, stage: 6 },
    [
      [2, 2, 2],
      [4, 4, 4],
    ],
  ],
  [
    "validation",
    {},
    { timeline: "val", step: 3, stage: 14 },
    [
      [2, 2, 2],
      [4, 4, 4],
    ],
  ],
  [
    "anisotropic strides",
    { plan: ANISOTROPIC },
    { timeline: "train", step: 3, stage: 4 },
    [
      [1, 2, 2],
      [2, 4, 4],
    ],
  ],
  [
    "Progressive Resolution",
    { mode: "progressive-resolution" },
    { timeline: "train", step: 3, stage: 6 },
    [
      [2, 2, 2],
      [4, 4, 4],
    ],
  ],
];

for (const [what, fields, address, ratios] of RUNS) {
  test(`deep supervision adds the label of each further level and changes no other byte: ${what}`, async (t) => {
    const spec = specOf(t.context.store, fields);
    const plain = await cutBatch(t, { ...spec, deepSupervision: false }, address);
    const deep = await cutBatch(t, spec, address);
    t.deepEqual(
      deep.tensors.map(({ name }) => name as string),
      ["image", "label", "label_1", "label_2"],
    );
    t.deepEqual(deep.tensors.slice(0, 2), [...plain.tensors]);
    t.true(deep.bytes.subarray(0, plain.bytes.length).equals(plain.bytes));
    t.is(deep.bytes.length, tensorBytes(shareTensors(spec, 1, address)));
    const full = labelOf(deep, 1);
    t.true(full.values.some((value) => value > 0));
    for (const [level, ratio] of ratios.entries()) {
      const { values, shape } = labelOf(deep, 2 + level);
      t.deepEqual(
        shape.slice(1),
        full.shape.slice(1).map((extent, axis) => extent / (ratio[axis] as number)),
      );
      t.true(sameBytes(values, everyNth(full, ratio)), `level ${1 + level}`);
    }
  });
}

test("deep labels depend neither on workers nor on what is in memory", async (t) => {
  const spec = specOf(t.context.store, {});
  const address = { timeline: "train", step: 5, stage: 2 } as const;
  const expected = await cutBatch(t, spec, address);
  for (const options of [{ workers: 1 }, { workers: 3, volumeBudgetBytes: 2 ** 17 }]) {
    await using engine = await openEngine(t.context.store, { ...ROOM, ...options });
    const { bytes } = await cutBatch(t, spec, address, { engine });
    t.true(bytes.equals(expected.bytes), JSON.stringify(options));
  }
});

test("the union of the ranks' deep labels is that of the whole batch", async (t) => {
  const spec = specOf(t.context.store, {});
  const address = { timeline: "train", step: 5, stage: 14 } as const;
  const samplesOf = (batch: CutBatch, index: number) => {
    const { values, shape } = labelOf(batch, index);
    const count = values.length / (shape[0] as number);
    return Array.from({ length: shape[0] as number }, (_, sample) =>
      values.slice(sample * count, (sample + 1) * count),
    );
  };
  const whole = await cutBatch(t, spec, address);
  const shares = await Promise.all([0, 1].map((rank) => cutBatch(t, spec, address, { rank: { rank, ranks: 2 } })));
  for (const index of [1, 2, 3]) {
    const [even, odd] = shares.map((share) => samplesOf(share, index));
    const expected = [even?.[0], odd?.[0], even?.[1]] as [Int16Array, Int16Array, Int16Array];
    for (const [sample, values] of samplesOf(whole, index).entries())
      t.true(sameBytes(values, expected[sample] as Int16Array), `label ${index} of sample ${sample}`);
  }
});
