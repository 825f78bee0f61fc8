import type { Zyx } from "../zyx.js";

/**
 * An augmentation with its parameters drawn: plain JSON, applied when cutting. A sample's transforms stand in the order in
 * which nnU-Net applies them. Lists have an entry for each image channel; `null` leaves that channel as it is.
 */
export type Transform =
  | SpatialTransform
  | NoiseTransform
  | BlurTransform
  | BrightnessTransform
  | ContrastTransform
  | LowResolutionTransform
  | GammaTransform
  | MirrorTransform
  | MaskTransform;

/**
 * A turn and a zoom about the patch's centre: the voxel at v (Z,Y,X from the centre) is read at R2 R1 R0 S v. R0 turns
 * about axis 0 by `anglesRad[0]`, from axis 1 towards axis 2; R1 about axis 1, from 2 towards 0; R2 from 0 towards 1. S
 * multiplies by `scale` (above 1: objects look smaller). In plane there is R0 alone, and S leaves axis 0.
 */
export interface SpatialTransform {
  readonly kind: "spatial";
  readonly anglesRad: Zyx;
  readonly scale: number;
  readonly inPlane: boolean;
}

/**
 * Normal noise of standard deviation `sigma` on every channel. Its random numbers are Philox blocks too: `counter` holds
 * the first three words, the fourth counts blocks over the patch (C,Z,Y,X), and the key is the run's seed.
 */
export interface NoiseTransform {
  readonly kind: "noise";
  readonly sigma: number;
  readonly counter: readonly [step: number, sample: number, purposeAndTimeline: number];
}

/** A Gaussian blur; `sigmas` in voxels (Z,Y,X). */
export interface BlurTransform {
  readonly kind: "blur";
  readonly sigmas: readonly (Zyx | null)[];
}

export interface BrightnessTransform {
  readonly kind: "brightness";
  readonly factors: readonly (number | null)[];
}

/** Distances from a channel's mean times a factor, held within the values that it had. */
export interface ContrastTransform {
  readonly kind: "contrast";
  readonly factors: readonly (number | null)[];
}

/** Down to `zooms` of the size on each axis (Z,Y,X) and up again. */
export interface LowResolutionTransform {
  readonly kind: "low-resolution";
  readonly zooms: readonly (Zyx | null)[];
}

/** The values, scaled to 0..1, raised to a power; `inverted`: the negated values. Mean and standard deviation stay. */
export interface GammaTransform {
  readonly kind: "gamma";
  readonly inverted: boolean;
  readonly gammas: readonly (number | null)[];
}

export interface MirrorTransform {
  readonly kind: "mirror";
  readonly axes: readonly (0 | 1 | 2)[];
}

/** `channels` are 0 where the patch's label is below 0. */
export interface MaskTransform {
  readonly kind: "mask";
  readonly channels: readonly number[];
}
