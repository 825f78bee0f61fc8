/** Smallest and largest value; draws are uniform between them. */
export type Range = readonly [low: number, high: number];

/**
 * The transforms that a spec may list, one entry per transform. `probability` is the chance that a sample gets it,
 * `channelProbability` the chance of each channel of such a sample.
 */
export type Augmentation =
  | SpatialAugmentation
  | NoiseAugmentation
  | ChannelwiseAugmentation
  | FactorAugmentation
  | GammaAugmentation
  | MirrorAugmentation
  | MaskAugmentation;

/** Turns and zooms, which are drawn independently and applied together. */
export interface SpatialAugmentation {
  readonly kind: "spatial";
  readonly rotationProbability: number;
  /** Range of the angle about each axis. */
  readonly rotationDegrees: Range;
  /** Range of the single angle of patches that are much wider than deep (see `isDummy2d`). */
  readonly inPlaneDegrees: Range;
  readonly scalingProbability: number;
  /** Range of the zoom, one for all axes; above 1 objects look smaller. */
  readonly scaling: Range;
}

/** `range` is that of the standard deviation. */
export interface NoiseAugmentation {
  readonly kind: "noise";
  readonly probability: number;
  readonly range: Range;
}

/** `range` is that of a blur's sigma in voxels, drawn for each axis; or of a low resolution's zoom, one for all axes. */
export interface ChannelwiseAugmentation {
  readonly kind: "blur" | "low-resolution";
  readonly probability: number;
  readonly channelProbability: number;
  readonly range: Range;
}

/** `range` is that of each channel's factor; half of the factors are drawn below 1, half above. */
export interface FactorAugmentation {
  readonly kind: "brightness" | "contrast";
  readonly probability: number;
  readonly range: Range;
}

/** `range` is that of each channel's exponent; half of the exponents are drawn below 1, half above. */
export interface GammaAugmentation {
  readonly kind: "gamma";
  readonly inverted: boolean;
  readonly probability: number;
  readonly range: Range;
}

/** Each listed axis is flipped with probability 0.5. */
export interface MirrorAugmentation {
  readonly kind: "mirror";
  readonly axes: readonly (0 | 1 | 2)[];
}

/** Each sample's `channels` become 0 where its label is below 0. Default: the channels that were normalised within a mask. */
export interface MaskAugmentation {
  readonly kind: "mask";
  readonly channels?: readonly number[];
}

/**
 * nnU-Net's training augmentation, in the order in which it is applied (`nnUNetTrainer.py`, `get_training_transforms`; its
 * noise range is called a variance there and used as a standard deviation).
 */
export const NNUNET_AUGMENTATION: readonly Augmentation[] = [
  {
    kind: "spatial",
    rotationProbability: 0.2,
    rotationDegrees: [-30, 30],
    inPlaneDegrees: [-180, 180],
    scalingProbability: 0.2,
    scaling: [0.7, 1.4],
  },
  { kind: "noise", probability: 0.1, range: [0, 0.1] },
  { kind: "blur", probability: 0.2, channelProbability: 0.5, range: [0.5, 1] },
  { kind: "brightness", probability: 0.15, range: [0.75, 1.25] },
  { kind: "contrast", probability: 0.15, range: [0.75, 1.25] },
  { kind: "low-resolution", probability: 0.25, channelProbability: 0.5, range: [0.5, 1] },
  { kind: "gamma", inverted: true, probability: 0.1, range: [0.7, 1.5] },
  { kind: "gamma", inverted: false, probability: 0.3, range: [0.7, 1.5] },
  { kind: "mirror", axes: [0, 1, 2] },
  { kind: "mask" },
];
