import { philox4x32 } from "../../plan/random.js";
import { cosine, log2, sine } from "./elementary.reference.js";
import type { NoisePlace } from "./kernels.js";
import { saturate } from "./saturate.reference.js";

const { fround } = Math;

/** Of Philox4x32; see `addNoise`'s source. */
const ROUNDS = 7;

export function addNoise(values: Float32Array, sigma: number, { key, counter, firstBlock }: NoisePlace): void {
  for (const [i, value] of values.entries()) {
    const block = (firstBlock + 4 * (i >> 4) + (i & 3)) >>> 0;
    const words = philox4x32([...counter, block], key, ROUNDS);
    const normals = [...normalPair(words[0], words[1], sigma), ...normalPair(words[2], words[3], sigma)] as const;
    values[i] = saturate(value + (normals[((i >> 2) & 3) as 0 | 1 | 2 | 3] as number));
  }
}

/** Two normal numbers with standard deviation `sigma`: the radius comes from one word, the angle from the other. */
function normalPair(first: number, second: number, sigma: number): readonly [number, number] {
  const logarithm = fround(log2(fround((first | 1) >>> 0)) - 32);
  const squared = fround(logarithm * fround(-1.3862943611198906));
  const radius = fround(fround(Math.sqrt(Math.max(0, squared))) * fround(sigma));
  const quarters = ((second + 0x20000000) >>> 30) as 0 | 1 | 2 | 3;
  const angle = fround(fround((second - (quarters << 30)) | 0) * fround(1.4629180792671596e-9));
  const [cos, sin] = [cosine(angle), sine(angle)];
  const turned = (
    [
      [cos, sin],
      [-sin, cos],
      [-cos, -sin],
      [sin, -cos],
    ] as const
  )[quarters];
  return [fround(radius * turned[0]), fround(radius * turned[1])];
}
