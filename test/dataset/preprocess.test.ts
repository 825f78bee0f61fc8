import test from "ava";
import fc from "fast-check";
import { foregroundLocations } from "../../loader/dataset/preprocess/foreground-locations.js";
import { type NormalizationScheme, normalize, schemeOfChannel } from "../../loader/dataset/preprocess/normalize.js";
import { cropImage, resampleCase } from "../../loader/dataset/preprocess/preprocess-case.js";
import { transpose } from "../../loader/dataset/volume.js";

const intensities = { mean: 10, median: 9, std: 4, min: -5, max: 90, percentile_00_5: 0, percentile_99_5: 20 };

function normalized(
  scheme: NormalizationScheme,
  values: number[],
  label = values.map(() => 0),
  useMask = false,
): number[] {
  const result = Float32Array.from(values);
  normalize(result, Int16Array.from(label), { scheme, useMask, intensities });
  return [...result];
}

test("CT is clipped to the data set's percentiles and scaled by its foreground mean and deviation", (t) => {
  t.deepEqual(normalized("CTNormalization", [-100, 0, 10, 14, 500]), [-2.5, -2.5, 0, 1, 2.5]);
});

test("z-score is the image's own mean and population deviation", (t) => {
  t.deepEqual(normalized("ZScoreNormalization", [1, 3, 1, 3]), [-1, 1, -1, 1]);
});

test("z-score with a mask looks at and changes label >= 0 only", (t) => {
  t.deepEqual(normalized("ZScoreNormalization", [1, 3, 7, 0], [0, 2, -1, -1], true), [-1, 1, 7, 0]);
});

test("a constant image becomes 0, not NaN", (t) => {
  t.deepEqual(normalized("ZScoreNormalization", [5, 5, 5]), [0, 0, 0]);
  t.deepEqual(normalized("RescaleTo01Normalization", [5, 5, 5]), [0, 0, 0]);
});

test("the other schemes rescale to 0..1, divide by 255, or leave the values alone", (t) => {
  t.deepEqual(normalized("RescaleTo01Normalization", [-2, 0, 6]), [0, 0.25, 1]);
  t.deepEqual(normalized("RGBTo01Normalization", [0, 51, 255]), [0, Math.fround(0.2), 1]);
  t.deepEqual(normalized("NoNormalization", [3, -4]), [3, -4]);
});

test("a channel's name selects its scheme, whatever its case; any other name means z-score", (t) => {
  const schemes = ["CT", "ct", "noNorm", "rescale_to_0_1", "rgb_to_0_1", "zscore", "T1"].map(schemeOfChannel);
  t.deepEqual(schemes, [
    "CTNormalization",
    "CTNormalization",
    "NoNormalization",
    "RescaleTo01Normalization",
    "RGBTo01Normalization",
    "ZScoreNormalization",
    "ZScoreNormalization",
  ]);
});

test("axis i of a transposed volume is axis order[i] of the original, as numpy has it", (t) => {
  const shape = [2, 3, 4] as const;
  const values = Float32Array.from({ length: 24 }, (_, i) => i);
  for (const order of [
    [0, 1, 2],
    [1, 0, 2],
    [2, 0, 1],
    [2, 1, 0],
    [0, 2, 1],
    [1, 2, 0],
  ] as const) {
    const result = transpose({ shape, values }, order);
    t.deepEqual(result.shape, [shape[order[0]], shape[order[1]], shape[order[2]]]);
    for (let i = 0; i < 24; i++) {
      const place = [
        Math.floor(i / (result.shape[1] * result.shape[2])),
        Math.floor(i / result.shape[2]) % result.shape[1],
        i % result.shape[2],
      ];
      const source = [0, 0, 0];
      for (const [axis, from] of order.entries()) source[from] = place[axis] as number;
      t.is(result.values[i], ((source[0] as number) * 3 + (source[1] as number)) * 4 + (source[2] as number));
    }
  }
});

test("every foreground voxel is a location while there are at most 10,000 of a class", (t) => {
  const label = fc.array(fc.constantFrom(-1, 0, 1, 3), { minLength: 24, maxLength: 24 });
  fc.assert(
    fc.property(label, (values) => {
      const found = foregroundLocations({ shape: [2, 3, 4], values: Int16Array.from(values) }, [1, 2, 3]);
      for (const [i, classValue] of [1, 2, 3].entries()) {
        const expected = values.flatMap((value, voxel) =>
          value === classValue ? [Math.floor(voxel / 12), Math.floor(voxel / 4) % 3, voxel % 4] : [],
        );
        t.deepEqual([...(found[i] as Uint32Array)], expected);
      }
    }),
  );
});

test("of a larger class 10,000 stay, or 1 % rounded up, each once, spread over all of it", (t) => {
  const shape = [1, 1100, 1000] as const;
  const values = new Int16Array(1_100_000).fill(1).fill(2, 0, 25_000).fill(3, 25_000, 35_000);
  const [ones, twos, threes] = foregroundLocations({ shape, values }, [1, 2, 3]).map((places) => {
    const voxels = Array.from(
      { length: places.length / 3 },
      (_, row) => (places[3 * row + 1] as number) * 1000 + (places[3 * row + 2] as number),
    );
    t.is(new Set(voxels).size, voxels.length);
    return voxels;
  }) as [number[], number[], number[]];
  t.is(ones.length, Math.ceil(1_065_000 / 100));
  t.is(twos.length, 10_000);
  t.is(threes.length, 10_000);
  t.true(ones.every((voxel) => voxel >= 35_000));
  const firstHalf = twos.filter((voxel) => voxel < 12_500).length;
  t.true(Math.abs(firstHalf - 5000) < 250, `${firstHalf} of 10,000 in the first half; 250 is 6.5 standard deviations`);
});

test("a case goes through transpose, crop, normalisation and resampling in nnU-Net's order", (t) => {
  const shape = [2, 4, 6] as const;
  const image = new Float32Array(48);
  const label = new Int16Array(48);
  for (let y = 1; y < 3; y++)
    for (let x = 2; x < 6; x++) for (let z = 0; z < 2; z++) image[(z * 4 + y) * 6 + x] = 1 + x;
  label[(0 * 4 + 1) * 6 + 2] = 1;
  const cropped = cropImage(
    { file: "a.nii", shape, channels: [image], label, spacingMm: [1, 2, 0.5] },
    {
      transpose: [1, 0, 2],
      spacingMm: [2, 1, 1],
      normalizations: [{ scheme: "NoNormalization", useMask: false, intensities }],
    },
  );
  const stored = resampleCase(cropped, { classes: [1] });
  t.deepEqual(stored.cropStart, [1, 0, 2]);
  t.deepEqual(stored.cropEnd, [3, 2, 6]);
  t.deepEqual(stored.shape, [1, 2, 2, 2]);
  t.is(stored.locations.length, 1);
});
