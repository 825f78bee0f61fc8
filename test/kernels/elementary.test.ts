import test from "ava";
import { cosine, exp2, log2, sine } from "../../loader/kernels/elementary.reference.js";
import { exponentialOfMinus } from "../../loader/kernels/exponential.js";
import { referenceKernels } from "../../loader/kernels/kernels.reference.js";

import { sineCosine } from "../../loader/kernels/sine-cosine.js";

const { fround } = Math;
const steps = Array.from({ length: 20001 }, (_, i) => i / 20000);

test("log2 is within 2.5e-6, and 1e-7 of its size, of the exact one, and 0 at 1", (t) => {
  const inputs = [...steps.map((s) => fround(0.4 + 2 * s)), ...steps.map((s) => fround(2 ** (250 * s - 125)))];
  for (const x of inputs)
    t.true(Math.abs(log2(x) - Math.log2(x)) < 2.5e-6 + 1e-7 * Math.abs(Math.log2(x)), `log2(${x})`);
  t.is(log2(1), 0);
});

test("exp2 is within 2e-7 of its size of the exact one, and stays finite", (t) => {
  for (const s of steps) {
    const x = fround(200 * s - 100);
    t.true(Math.abs(exp2(x) / 2 ** x - 1) < 2e-7, `exp2(${x})`);
  }
  for (const x of [-1e30, -126.6, 126.6, 1e30]) t.true(Number.isFinite(exp2(x)));
});

test("sine and cosine are within 1.2e-7 of the exact ones from -pi/4 to pi/4", (t) => {
  for (const s of steps) {
    const x = fround(((s - 0.5) * Math.PI) / 2);
    t.true(Math.abs(sine(x) - Math.sin(x)) < 1.2e-7, `sine(${x})`);
    t.true(Math.abs(cosine(x) - Math.cos(x)) < 1.2e-7, `cosine(${x})`);
  }
});

test("noise is standard normal: mean, deviation, tails and both neighbours of a pair", (t) => {
  const count = 400_000;
  const values = new Float32Array(count);
  referenceKernels.addNoise(values, 1, { key: [1, 2], counter: [3, 4, 5], firstBlock: 0 }, new Float32Array(0));
  const share = (isCounted: (value: number) => boolean) => values.filter(isCounted).length / count;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
  // five standard errors of each statistic for a fixed seed
  t.true(Math.abs(mean) < 5 / Math.sqrt(count));
  t.true(Math.abs(variance - 1) < 5 * Math.sqrt(2 / count));
  for (const [bound, wanted] of [
    [1, 0.8413447],
    [-1, 0.1586553],
    [2, 0.9772499],
    [-3, 0.0013499],
  ] as const)
    t.true(Math.abs(share((value) => value < bound) - wanted) < 5 * Math.sqrt((wanted * (1 - wanted)) / count));
  for (const lag of [1, 4, 16]) {
    const product = values.subarray(lag).reduce((sum, value, i) => sum + value * (values[i] as number), 0) / count;
    t.true(Math.abs(product) < 5 / Math.sqrt(count), `correlation at ${lag}`);
  }
});

test("sineCosine is within 1e-15 of the exact ones over two turns, exponentialOfMinus within 1e-14 of its size", (t) => {
  for (const s of steps) {
    const angle = (s - 0.5) * 8 * Math.PI;
    const [sin, cos] = sineCosine(angle);
    t.true(Math.abs(sin - Math.sin(angle)) < 1e-15 && Math.abs(cos - Math.cos(angle)) < 1e-15, `${angle}`);
    const x = 60 * s;
    t.true(Math.abs(exponentialOfMinus(x) / Math.exp(-x) - 1) < 1e-14, `${x}`);
  }
  t.deepEqual(sineCosine(0), [0, 1]);
});

/** Apart by this share of the deviation, or less: the sum of a block's 16 f32 a partial sum is off by 16 roundings at most. */
const APART = 16 * 2 ** -24;

test("moments are those of exact sums, also of one value almost everywhere and another one first", (t) => {
  const count = 100_003;
  const noise = new Float32Array(count);
  referenceKernels.addNoise(noise, 1, { key: [1, 2], counter: [3, 4, 5], firstBlock: 0 }, new Float32Array(0));
  const images = {
    noise,
    "far from 0": noise.map((value) => value + 1000),
    "mostly air": noise.map((value, i) => (i === 0 ? 40 : i % 100 === 99 ? value : -3.3)),
  };
  for (const [name, values] of Object.entries(images)) {
    const result = new Float64Array(4);
    referenceKernels.moments(result, values);
    const [sum, squares] = result as unknown as readonly [number, number];
    const mean = (values[0] as number) + sum / count;
    const deviation = Math.sqrt((squares - (sum * sum) / count) / (count - 1));
    const exactMean = values.reduce((total, value) => total + value, 0) / count;
    const exact = Math.sqrt(values.reduce((total, value) => total + (value - exactMean) ** 2, 0) / (count - 1));
    t.true(Math.abs(mean - exactMean) < APART * exact, `${name}: mean off by ${(mean - exactMean) / exact} deviations`);
    t.true(Math.abs(deviation / exact - 1) < APART, `${name}: deviation off by ${deviation / exact - 1}`);
  }
});
