import test from "ava";
import fc from "fast-check";
import { cropReference, type Mirror } from "../../../loader/engine/cut/crop.reference.js";
import { patchCutter } from "../../../loader/engine/cut/patch-cutter.js";
import { resampledLabel, resampledVoxel } from "../../../loader/engine/cut/resample.reference.js";
import type { Box, ChannelVolume } from "../../../loader/engine/cut/source.js";
import type { Wrote } from "../../../loader/engine/cut/tensor-output.js";
import { scratchBytes } from "../../../loader/engine/memory/scratch.js";
import { bf16Bits, f16Bits } from "../../../loader/kernels/half-bits.reference.js";
import { MIRROR_X, MIRROR_Y, MIRROR_Z } from "../../../loader/kernels/kernels.js";
import { batchTensors, tensorBytes } from "../../../plan/batch/tensors.js";
import type { WireFormat } from "../../../plan/run-spec/resolved-spec.js";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import { inKernelMemory, type PlainSource } from "../kernel-memory.js";

const PLACE = 1;
const SAMPLES = 3;

interface Case {
  readonly source: PlainSource;
  readonly box: Box;
  readonly patchSize: Zyx;
  readonly mirror: Mirror;
  readonly wire: WireFormat;
  readonly deepLabels: readonly Zyx[];
}

const extent = fc.integer({ min: 1, max: 6 });
const size: fc.Arbitrary<Zyx> = fc.tuple(extent, extent, extent);
const start = fc.integer({ min: -8, max: 8 });

const source: fc.Arbitrary<PlainSource> = fc
  .tuple(fc.integer({ min: 1, max: 3 }), size, fc.nat())
  .map(([channels, extents, salt]) => {
    const voxels = voxelCount(extents);
    const labels = Int16Array.from({ length: voxels }, (_, i) => ((i * 31 + salt) % 5) - 1);
    return {
      image: {
        values: Float32Array.from({ length: channels * voxels }, (_, i) =>
          Math.fround(((i * 7919 + salt) % 9973) / 97 - 50),
        ),
        shape: [channels, ...extents],
      },
      label: { values: labels, shape: [1, ...extents] },
    };
  });

const wire: fc.Arbitrary<WireFormat> = fc.record({
  image: fc.constantFrom("f32", "f16", "bf16"),
  label: fc.constantFrom("u8", "i16"),
  layout: fc.constantFrom("channels-first", "channels-last"),
});

const drawn: fc.Arbitrary<Case> = fc
  .record({
    source,
    box: fc.record({ lower: fc.tuple(start, start, start), size }),
    resampledSize: fc.option(size, { nil: undefined }),
    mirror: fc.tuple(fc.boolean(), fc.boolean(), fc.boolean()),
    wire,
    deepLabels: fc.array(size, { maxLength: 2 }),
  })
  .map(({ resampledSize, ...rest }) => ({ ...rest, patchSize: resampledSize ?? rest.box.size }));

/** The bytes of the batch when only the sample at `PLACE` has been written, made a voxel at a time. */
function expectedBatch({ source: from, box, patchSize, mirror, wire: format, deepLabels }: Case): Uint8Array {
  const [channels] = from.image.shape;
  const tensors = batchTensors(format, { samples: SAMPLES, channels, patchSize, deepLabels });
  const bytes = new Uint8Array(tensorBytes(tensors)).fill(0xaa);
  const view = new DataView(bytes.buffer);
  const voxels = voxelCount(patchSize);
  const isLast = format.layout === "channels-last";
  for (const { c, voxel, value } of patchVoxels(from.image, box, patchSize, mirror, 0)) {
    const index = (voxel[0] * patchSize[1] + voxel[1]) * patchSize[2] + voxel[2];
    const element = PLACE * channels * voxels + (isLast ? index * channels + c : c * voxels + index);
    if (format.image === "f32") view.setFloat32(4 * element, value, true);
    else view.setUint16(2 * element, (format.image === "f16" ? f16Bits : bf16Bits)(bitsOf(value)), true);
  }
  const label = new Map<string, number>();
  for (const { voxel, value } of patchVoxels(from.label, box, patchSize, mirror, -1)) {
    const element = PLACE * voxels + (voxel[0] * patchSize[1] + voxel[1]) * patchSize[2] + voxel[2];
    label.set(`${voxel}`, Math.max(value, 0));
    if (format.label === "u8") view.setUint8(tensors[1].offset + element, Math.max(value, 0));
    else view.setInt16(tensors[1].offset + 2 * element, Math.max(value, 0), true);
  }
  for (const [level, deepSize] of deepLabels.entries()) {
    const { offset } = tensors[2 + level] as (typeof tensors)[1];
    for (let index = 0; index < voxelCount(deepSize); index++) {
      const at = [
        Math.floor(index / deepSize[1] / deepSize[2]),
        Math.floor(index / deepSize[2]) % deepSize[1],
        index % deepSize[2],
      ];
      const nearest = at.map((i, axis) =>
        Math.floor(((2 * i + 1) * (patchSize[axis] as number)) / (2 * (deepSize[axis] as number))),
      );
      const element = PLACE * voxelCount(deepSize) + index;
      const value = label.get(`${nearest}`) as number;
      if (format.label === "u8") view.setUint8(offset + element, value);
      else view.setInt16(offset + 2 * element, value, true);
    }
  }
  return bytes;
}

/** The values of a patch: cut, mirrored, then resampled where its size differs from the box's. */
function* patchVoxels(
  grid: ChannelVolume<Float32Array> | ChannelVolume<Int16Array>,
  box: Box,
  patchSize: Zyx,
  mirror: Mirror,
  outside: number,
): ReturnType<typeof cropReference> {
  const isResampled = box.size.some((count, axis) => count !== patchSize[axis]);
  if (!isResampled) return yield* cropReference(grid, box, mirror, outside);
  const [channels] = grid.shape;
  const isLabel = !(grid.values instanceof Float32Array);
  const values = new (isLabel ? Int16Array : Float32Array)(channels * voxelCount(box.size));
  for (const { c, voxel, value } of cropReference(grid, box, mirror, outside)) {
    values[((c * box.size[0] + voxel[0]) * box.size[1] + voxel[1]) * box.size[2] + voxel[2]] = value;
  }
  const crop = { values, shape: [channels, ...box.size] } as const;
  const resampled = new Float32Array(channels * voxelCount(patchSize));
  const whole = { lower: [0, 0, 0], size: patchSize } as const;
  for (const { c, voxel } of cropReference(
    { values: resampled, shape: [channels, ...patchSize] },
    whole,
    [false, false, false],
    0,
  )) {
    resampled[((c * patchSize[0] + voxel[0]) * patchSize[1] + voxel[1]) * patchSize[2] + voxel[2]] =
      values instanceof Int16Array
        ? resampledLabel({ values, shape: crop.shape }, patchSize, voxel)
        : resampledVoxel(crop, patchSize, c, voxel);
  }
  yield* cropReference({ values: resampled, shape: [channels, ...patchSize] }, whole, [false, false, false], outside);
}

function bitsOf(value: number): number {
  return new Uint32Array(Float32Array.of(value).buffer)[0] as number;
}

test("a cut patch has the reference's bytes in every wire type and layout, mirrored or resampled, and no other byte changes", (t) => {
  fc.assert(
    fc.property(drawn, fc.boolean(), fc.boolean(), (one, isDirect, isMarked) => {
      const expected = expectedBatch(one);
      const { patchSize, box, mirror, wire: format, deepLabels } = one;
      const sizes = { patchSize, cropSize: box.size };
      const [channels] = one.source.image.shape;
      const batchStart = 8 + scratchBytes(sizes); // in the kernels' memory, with a margin on both sides
      const { workplace, source: copy } = inKernelMemory(one.source, batchStart + expected.byteLength + 8, isMarked);
      const [buffer, offset] = isDirect
        ? [workplace.buffer, workplace.offset + batchStart]
        : [new SharedArrayBuffer(expected.byteLength + 16), 8];
      const around = new Uint8Array(buffer, offset - 8, expected.byteLength + 16).fill(0xaa);
      const pieces: { tensor: number; start: number; end: number }[] = [];
      const wrote: Wrote = (tensor, start, end) => {
        pieces.push({ tensor, start, end });
        const bytes = around.subarray(8 + start, 8 + end);
        t.deepEqual(Buffer.from(bytes), Buffer.from(expected.subarray(start, end)), "what is told is there");
      };
      const mirrored = (mirror[0] ? MIRROR_Z : 0) | (mirror[1] ? MIRROR_Y : 0) | (mirror[2] ? MIRROR_X : 0);
      const batch = { buffer, offset, samples: SAMPLES, channels, wrote };
      const cutPatch = patchCutter({ ...sizes, wire: format, deepLabels, seed: 1 }, batch, workplace);
      cutPatch(copy, { lower: box.lower, transforms: [], mirrored, place: PLACE });
      const margin = new Uint8Array(8).fill(0xaa);
      t.deepEqual(Buffer.from(around), Buffer.concat([margin, expected, margin]));
      for (const [tensor, { offset: start, byteLength }] of batchTensors(format, {
        samples: SAMPLES,
        channels,
        patchSize,
        deepLabels,
      }).entries()) {
        const told = pieces.filter((piece) => piece.tensor === tensor);
        const sample = byteLength / SAMPLES;
        t.is(told[0]?.start, start + PLACE * sample);
        for (const [index, { end }] of told.entries())
          t.is(end, told[index + 1]?.start ?? start + (PLACE + 1) * sample, "pieces follow each other");
      }
    }),
    { numRuns: 400 },
  );
});
