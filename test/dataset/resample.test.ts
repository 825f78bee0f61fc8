import { readFileSync } from "node:fs";
import test from "ava";
import { resampleImage, resampleLabels } from "../../loader/dataset/preprocess/resample.js";
import { resampledShape } from "../../loader/dataset/preprocess/target-grid.js";
import type { Zyx } from "../../plan/zyx.js";

interface Golden {
  readonly name: string;
  readonly shape: Zyx;
  readonly spacingMm: Zyx;
  readonly newSpacingMm: Zyx;
  readonly newShape: Zyx;
  readonly image: readonly number[];
  readonly label: readonly number[];
  readonly resampledImage: readonly number[];
  readonly resampledLabel: readonly number[];
}

/** Made by test/golden/resampling.py with SciPy and scikit-image. */
const golden = JSON.parse(
  readFileSync(new URL("../../../test/golden/resampling.json", import.meta.url), "utf8"),
) as Golden[];

/** Three float32 roundings (one an axis) of values up to 4 in size, each at most 2^-24 of it and amplified below twofold. */
const TOLERANCE = 3 * 2 * 4 * 2 ** -24;

for (const { name, shape, spacingMm, newSpacingMm, newShape, ...values } of golden) {
  const grid = { newShape, spacingMm, newSpacingMm };

  test(`an image is resampled as nnU-Net's libraries do: ${name}`, (t) => {
    t.deepEqual(resampledShape(shape, spacingMm, newSpacingMm), newShape);
    const result = resampleImage({ shape, values: Float32Array.from(values.image) }, grid);
    t.deepEqual(result.shape, newShape);
    t.is(result.values.length, values.resampledImage.length);
    const off = values.resampledImage.map((value, i) => Math.abs(value - (result.values[i] as number)));
    t.true(Math.max(...off) <= TOLERANCE, `off by ${Math.max(...off)}`);
  });

  test(`labels are resampled as nnU-Net's libraries do: ${name}`, (t) => {
    const result = resampleLabels({ shape, values: Int16Array.from(values.label) }, grid);
    t.deepEqual([...result.values], [...values.resampledLabel]);
  });
}
