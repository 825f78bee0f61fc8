const { fround } = Math;

/** Voxels whose differences are summed in f32. */
const BLOCK = 128;

export function moments(result: Float64Array, values: Float32Array): void {
  const least = values.reduce((least, value) => Math.min(least, value));
  const most = values.reduce((most, value) => Math.max(most, value));
  const narrow = narrowSums(values);
  const isHeld = least === most || (narrow[1] >= 1e-24 && narrow[1] < Number.POSITIVE_INFINITY);
  result.set([...(isHeld ? narrow : wideSums(values)), least + 0, most + 0]);
}

/** Sums of value - first value and of its square; differences from the middle of a block are summed in f32. */
export function narrowSums(values: Float32Array): readonly [sum: number, squares: number] {
  let [sum, squares] = [0, 0];
  for (let start = 0; start < values.length; start += BLOCK) {
    const block = values.subarray(start, start + BLOCK);
    const middle = middleOf(block);
    const sums = new Float32Array(8);
    const squareSums = new Float32Array(8);
    for (const [i, value] of block.entries()) {
      const apart = fround(value - middle);
      sums[i % 8] = (sums[i % 8] as number) + apart;
      squareSums[i % 8] = (squareSums[i % 8] as number) + fround(apart * apart);
    }
    const [blockSum, blockSquares, count] = [total(sums), total(squareSums), block.length];
    const shift = middle - (values[0] as number);
    sum += blockSum + count * shift;
    squares += blockSquares + shift * (2 * blockSum + count * shift);
  }
  return [sum, squares];
}

/** The mean of the first and the last four values, in f32; of fewer than four, the first one. */
function middleOf(block: Float32Array): number {
  if (block.length < 4) return block[0] as number;
  return fround(total(Float32Array.of(...block.subarray(0, 4), ...block.subarray(-4))) * 0.125);
}

function total(sums: Float32Array): number {
  const four = [0, 1, 2, 3].map((i) => fround((sums[i] as number) + (sums[i + 4] as number))) as unknown as Four;
  return fround(fround(four[0] + four[2]) + fround(four[1] + four[3]));
}

type Four = readonly [number, number, number, number];

function wideSums(values: Float32Array): readonly [sum: number, squares: number] {
  let [sum, squares] = [0, 0];
  for (const value of values) {
    const apart = value - (values[0] as number);
    sum += apart;
    squares += apart * apart;
  }
  return [sum, squares];
}
