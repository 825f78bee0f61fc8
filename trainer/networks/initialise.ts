import { philox4x32 } from "../../plan/random.js";
import { LEAKY_SLOPE } from "./layers.js";
import { elementCount, type Parameter } from "./parameter.js";

/** Third word of the counter of weight draws; batches use small ones, so the two never share a block. */
const WEIGHTS = 0x8000_0000;

const WORD = 2 ** 32;

/** Of MONAI's position embeddings and tables of relative positions; it cuts them off 100 deviations away. */
const SMALL_DEVIATION = 0.02;

/**
 * Values of `parameter`, the `index`-th of a network, before training. He's follow nnU-Net's InitWeights_He: normal
 * with variance 2 / ((1 + slope^2) fan), fan = product of all extents but the first (PyTorch's fan_in, which for a
 * transposed convolution counts its outputs). Element i depends on (seed, index, i) alone.
 */
export function drawParameter(parameter: Parameter, index: number, seed: number): Float32Array {
  const values = new Float32Array(elementCount(parameter.shape));
  if (parameter.start === "zeros") return values;
  if (parameter.start === "ones") return values.fill(1);
  const fan = elementCount(parameter.shape.slice(1));
  const deviation = parameter.start === "he" ? Math.sqrt(2 / ((1 + LEAKY_SLOPE ** 2) * fan)) : SMALL_DEVIATION;
  const key = [seed % WORD, Math.floor(seed / WORD)] as const;
  for (let i = 0; i < values.length; i += 2) {
    const [a, b] = philox4x32([i / 2, index, WEIGHTS, 0], key);
    if (typeof parameter.start === "object") {
      const { uniform } = parameter.start;
      values[i] = uniform * (2 * (a / WORD) - 1);
      if (i + 1 < values.length) values[i + 1] = uniform * (2 * (b / WORD) - 1);
      continue;
    }
    const radius = Math.sqrt(-2 * Math.log((a + 1) / WORD));
    const angle = 2 * Math.PI * (b / WORD);
    values[i] = deviation * radius * Math.cos(angle);
    if (i + 1 < values.length) values[i + 1] = deviation * radius * Math.sin(angle);
  }
  return values;
}
