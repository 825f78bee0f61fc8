import type { Zyx } from "../../../../plan/zyx.js";
import type { Kernels } from "../../../kernels/kernels.js";
import type { Tables } from "../../memory/scratch.js";

/** One channel of a patch while it is augmented: `values` and as much spare memory; a transform may swap the two. */
export interface Channel {
  readonly values: Float32Array;
  readonly spare: Float32Array;
  /** The patch's label, -1 where it is unknown; only read. */
  readonly label: Int16Array;
  /** Which channel of the patch. */
  readonly index: number;
  /** Of the patch (Z,Y,X). */
  readonly size: Zyx;
  /** Axes along which the patch was mirrored when it was read, as kernels' bits. */
  readonly mirrored: number;
}

/** The channel with what was made in its spare memory. Written out: a spread costs as much as a small kernel. */
export function swapped({ values, spare, label, index, size, mirrored }: Channel): Channel {
  return { values: spare, spare: values, label, index, size, mirrored };
}

/** What transforms are applied with. */
export interface Tools {
  readonly kernels: Kernels;
  readonly tables: Tables;
  /** The run's seed: the key of the noise. */
  readonly seed: number;
}
