import type { Zyx } from "../../../plan/zyx.js";
import type { StoredLabel } from "../../kernels/kernels.js";

/** A volume in memory: (C,Z,Y,X), C order, from element 0 on. */
export interface ChannelVolume<Values> {
  readonly values: Values;
  readonly shape: readonly [channels: number, z: number, y: number, x: number];
}

/** The image and label that a patch is cut from: a whole volume, or a part of one. */
export interface Source {
  readonly image: ChannelVolume<Float32Array>;
  readonly label: ChannelVolume<StoredLabel>;
}

/** A box of voxels: its first one (Z,Y,X; negative or past the end outside of the volume) and its size. */
export interface Box {
  readonly lower: Zyx;
  readonly size: Zyx;
}
