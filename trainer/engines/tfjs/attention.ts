import type { Tensor, Tensor2D, Tensor3D, Tensor4D, Tensor5D } from "@tensorflow/tfjs-core";
import { voxelCount, type Zyx } from "../../../plan/zyx.js";
import type { AttentionShape, AttentionWindows } from "../../networks/layers.js";
import { offsetKeys } from "../../networks/swin-unetr/network.js";
import { MASKED_SCORE } from "../constants.js";
import { windowRegions } from "../window-regions.js";
import { pickRows, reorder } from "./gather.js";
import type { Tfjs } from "./tfjs.js";

type Extents5 = [number, number, number, number, number];

/** For each window and each of its tokens, both in C order, the token's place in a volume of `size`. */
function tokensOfWindows(size: Zyx, window: Zyx): number[] {
  const places: number[] = [];
  for (let z = 0; z < size[0]; z += window[0])
    for (let y = 0; y < size[1]; y += window[1])
      for (let x = 0; x < size[2]; x += window[2])
        for (let k = 0; k < window[0]; k++)
          for (let j = 0; j < window[1]; j++)
            for (let i = 0; i < window[2]; i++) places.push(((z + k) * size[1] + y + j) * size[2] + x + i);
  return places;
}

/** Softmax attention of queries, keys and values (B,Z,Y,X,3 heads d), as `onnx/operators/attention.ts` defines it. */
export function attention(
  tf: Tfjs,
  input: Tensor5D,
  { heads, windows }: AttentionShape,
  table: Tensor | undefined,
): Tensor5D {
  const [batch, z, y, x, inputs] = input.shape as Extents5;
  const size: Zyx = [z, y, x];
  const window = windows?.window ?? size;
  const tokens = voxelCount(window);
  const count = (z * y * x) / tokens;
  const depth = inputs / 3 / heads;
  const places = tokensOfWindows(size, window);
  const flat: Tensor3D = tf.reshape(input, [batch, z * y * x, inputs]);
  const inWindows = reorder(tf, flat, places);
  const split: Tensor4D = tf.reshape(inWindows, [batch * count, tokens, 3, heads * depth]);
  const [query, key, value] = [0, 1, 2].map((part): Tensor4D => {
    const one = tf.slice(split, [0, 0, part, 0], [-1, -1, 1, -1]);
    return tf.transpose(tf.reshape(one, [batch * count, tokens, heads, depth]), [0, 2, 1, 3]);
  }) as [Tensor4D, Tensor4D, Tensor4D];
  let scores: Tensor = tf.matMul(tf.mul(query, depth ** -0.5), key, false, true);
  if (table && windows) scores = tf.add(scores, tableRows(tf, table, windows));
  const mask = windows && maskOf(tf, size, windows);
  if (mask) {
    const byWindow: Tensor5D = tf.reshape(scores, [batch, count, heads, tokens, tokens]);
    scores = tf.reshape(tf.add(byWindow, mask), [batch * count, heads, tokens, tokens]);
  }
  const attended = tf.matMul(tf.softmax(scores), value);
  const merged: Tensor3D = tf.reshape(tf.transpose(attended, [0, 2, 1, 3]), [batch, z * y * x, heads * depth]);
  const back = new Array<number>(places.length);
  for (const [position, place] of places.entries()) back[place] = position;
  return tf.reshape(reorder(tf, merged, back), [batch, z, y, x, heads * depth]);
}

function maskOf(tf: Tfjs, size: Zyx, { window, shift }: AttentionWindows): Tensor | undefined {
  const regions = windowRegions(size, window, shift);
  if (regions === undefined) return undefined;
  const tokens = voxelCount(window);
  const count = regions.length / tokens;
  const from = tf.tensor(regions, [1, count, 1, tokens, 1]);
  const to = tf.tensor(regions, [1, count, 1, 1, tokens]);
  return tf.mul(tf.cast(tf.notEqual(from, to), "float32"), MASKED_SCORE);
}

/** (1,heads,n,n) of a table (offsets,heads). */
function tableRows(tf: Tfjs, table: Tensor, { window, offsets }: AttentionWindows): Tensor {
  const { keys, shift } = offsetKeys(offsets.window);
  const own = keys.slice(0, voxelCount(window));
  const rows = own.flatMap((from) => own.map((to) => from - to + shift));
  const heads = table.shape[1] as number;
  return tf.reshape(tf.transpose(pickRows(tf, table as Tensor2D, rows), [1, 0]), [1, heads, own.length, own.length]);
}
