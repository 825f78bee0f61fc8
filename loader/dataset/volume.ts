import type { Zyx } from "../../plan/zyx.js";

/** Numbers on a grid: `values` in C order of `shape` (Z,Y,X). */
export interface Volume<Values extends Float32Array | Int16Array> {
  readonly shape: Zyx;
  readonly values: Values;
}

/** One case's channels and label on one grid. */
export interface Channels {
  readonly shape: Zyx;
  /** One (Z,Y,X) array a channel. */
  readonly channels: readonly Float32Array[];
  readonly label: Int16Array;
}

/** An array of `values`' type. */
export function newLike<Values extends Float32Array | Int16Array>(values: Values, length: number): Values {
  return (values instanceof Float32Array ? new Float32Array(length) : new Int16Array(length)) as Values;
}

/** Axis i of the result is axis `order[i]` of the input: numpy's transpose. A copy, unless the order is 0,1,2. */
export function transpose<Values extends Float32Array | Int16Array>(
  volume: Volume<Values>,
  order: Zyx,
): Volume<Values> {
  if (order.every((axis, i) => axis === i)) return volume;
  const shape = permute(volume.shape, order);
  const strides = permute([volume.shape[1] * volume.shape[2], volume.shape[2], 1], order);
  const values = newLike(volume.values, volume.values.length);
  let to = 0;
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      let from = z * strides[0] + y * strides[1];
      for (let x = 0; x < shape[2]; x++, from += strides[2]) values[to++] = volume.values[from] as number;
    }
  }
  return { shape, values };
}

/** Entry i of the result is entry `order[i]` of `triple`. */
export function permute(triple: Zyx, order: Zyx): Zyx {
  return [triple[order[0]] as number, triple[order[1]] as number, triple[order[2]] as number];
}

/** The box from `start` (inside) to `end` (outside), copied; the volume itself where the box is all of it. */
export function cropTo<Values extends Float32Array | Int16Array>(
  volume: Volume<Values>,
  start: Zyx,
  end: Zyx,
): Volume<Values> {
  const shape: Zyx = [end[0] - start[0], end[1] - start[1], end[2] - start[2]];
  if (shape.every((size, axis) => size === volume.shape[axis])) return volume;
  const values = newLike(volume.values, shape[0] * shape[1] * shape[2]);
  for (let z = 0; z < shape[0]; z++) {
    for (let y = 0; y < shape[1]; y++) {
      const from = ((start[0] + z) * volume.shape[1] + start[1] + y) * volume.shape[2] + start[2];
      values.set(volume.values.subarray(from, from + shape[2]) as never, (z * shape[1] + y) * shape[2]);
    }
  }
  return { shape, values };
}
