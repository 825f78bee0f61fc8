import type { AxisTaps, Grid } from "./kernels.js";
import { saturate } from "./saturate.reference.js";

const { fround } = Math;

interface Tap {
  readonly voxels: readonly [number, number];
  readonly weights: readonly [number, number];
}

function tapAt(axis: Int32Array, index: number): Tap {
  const floats = new Float32Array(axis.buffer, axis.byteOffset, axis.length);
  return {
    voxels: [axis[4 * index] as number, axis[4 * index + 1] as number],
    weights: [floats[4 * index + 2] as number, floats[4 * index + 3] as number],
  };
}

function mix(below: number, above: number, { weights }: Tap): number {
  return saturate(fround(below * weights[0]) + fround(above * weights[1]));
}

export function resample(target: Grid<Float32Array>, source: Grid<Float32Array>, taps: AxisTaps): void {
  const [, height, width] = source.size;
  const valueAt = (z: number, y: number, x: number) => source.values[(z * height + y) * width + x] as number;
  let to = 0;
  for (let z = 0; z < target.size[0]; z++)
    for (let y = 0; y < target.size[1]; y++)
      for (let x = 0; x < target.size[2]; x++) {
        const [tapZ, tapY, tapX] = [tapAt(taps[0], z), tapAt(taps[1], y), tapAt(taps[2], x)];
        const alongY = (atZ: number, atX: number) =>
          mix(valueAt(atZ, tapY.voxels[0], atX), valueAt(atZ, tapY.voxels[1], atX), tapY);
        const alongZ = (atX: number) => mix(alongY(tapZ.voxels[0], atX), alongY(tapZ.voxels[1], atX), tapZ);
        target.values[to++] = mix(alongZ(tapX.voxels[0]), alongZ(tapX.voxels[1]), tapX);
      }
}
