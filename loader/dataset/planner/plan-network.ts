import { presetBlocks } from "../../../plan/curriculum/residual-blocks.js";
import { roundHalfToEven } from "../../../plan/round-half-to-even.js";
import type { Zyx } from "../../../plan/zyx.js";
import type { PlannerRules } from "./planners.js";
import { planTopology, type Topology } from "./topology.js";

/** nnU-Net's constants (default_experiment_planner.py), the same for all its planners. */
const REFERENCE_BATCH = 2;
const SMALLEST_BATCH = 2;
const BASE_FEATURES = 32;
const MOST_FEATURES = 320;
/** Convolutions of a level: of the plain network on both ways, of the residual one on the way up. */
const PLAIN_CONVOLUTIONS = 2;
const RESIDUAL_DECODER_CONVOLUTIONS = 1;

/** What the planner needs to know: axes after transposition. */
export interface PlanInput {
  readonly spacingMm: Zyx;
  /** Median size of the resampled cases, voxels; may end in a half. */
  readonly medianShape: readonly [number, number, number];
  readonly caseCount: number;
  /** Labels, background included. */
  readonly labelCount: number;
}

export interface PlannedNetwork extends Topology {
  readonly batchSize: number;
  readonly features: readonly number[];
  /** Residual blocks of each level, where the planner's encoder has them. */
  readonly blocks?: readonly number[];
}

/** Patch, batch and U-Net for one 3-D configuration (nnU-Net, get_plans_for_configuration). */
export function planNetwork(input: PlanInput, rules: PlannerRules): PlannedNetwork {
  const { spacingMm, medianShape, caseCount, labelCount } = input;
  const estimate = (topology: Topology) => memoryEstimate(topology, labelCount, rules.encoder);
  let topology = planTopology(spacingMm, firstPatch(spacingMm, medianShape));
  while (estimate(topology) > rules.mostValues) topology = shrink(topology, spacingMm, medianShape);
  const fitting = roundHalfToEven((rules.mostValues / estimate(topology)) * REFERENCE_BATCH);
  const datasetVoxels = medianShape[0] * medianShape[1] * medianShape[2] * caseCount;
  const covering = roundHalfToEven((datasetVoxels * rules.mostOfDataset) / volume(topology.patchSize));
  return {
    ...topology,
    batchSize: Math.max(Math.min(fitting, covering), SMALLEST_BATCH),
    features: featuresOf(topology),
    ...(rules.encoder === "residual" && { blocks: presetBlocks(topology.strides.length) }),
  };
}

/**
 * Whether nnU-Net would plan a 3d_lowres configuration beside this one, which turns batch_dice on for full resolution
 * (plan_experiment).
 */
export function plansLowResolution(full: PlannedNetwork, input: PlanInput, rules: PlannerRules): boolean {
  const fullVoxels = volume(input.medianShape);
  let medianVoxels = fullVoxels;
  let patchVoxels = volume(full.patchSize);
  const spacing = [...input.spacingMm] as [number, number, number];
  while (patchVoxels / medianVoxels < 0.25) {
    const coarsest = Math.max(...spacing);
    const behind = spacing.map((size) => coarsest / size > 2);
    for (const axis of [0, 1, 2] as const) if (behind[axis] || !behind.includes(true)) spacing[axis] *= 1.03;
    const shrunk = input.medianShape.map((size, i) => ((input.spacingMm[i] as number) / (spacing[i] as number)) * size);
    medianVoxels = volume(shrunk);
    const medianShape = shrunk.map(roundHalfToEven) as [number, number, number];
    patchVoxels = volume(planNetwork({ ...input, spacingMm: [...spacing], medianShape }, rules).patchSize);
  }
  return fullVoxels / medianVoxels >= 2;
}

/** A box of 256^3 voxels in the aspect of 1/spacing, clipped to the median case. */
function firstPatch(spacingMm: Zyx, medianShape: readonly number[]): number[] {
  const inverse = spacingMm.map((size) => 1 / size);
  const scale = Math.cbrt(256 ** 3 / volume(inverse));
  return inverse.map((size, axis) => Math.min(roundHalfToEven(size * scale), medianShape[axis] as number));
}

/** One step smaller on the axis that is largest beside the median case (the last of equals). */
function shrink(topology: Topology, spacingMm: Zyx, medianShape: readonly number[]): Topology {
  const share = (axis: number) => (topology.patchSize[axis] as number) / (medianShape[axis] as number);
  const axis = [1, 2].reduce((largest, other) => (share(other) >= share(largest) ? other : largest), 0);
  const less = (by: number) => topology.patchSize.map((size, i) => (i === axis ? size - by : size));
  const coarser = planTopology(spacingMm, less(2 ** (topology.pooling[axis] as number)));
  return planTopology(spacingMm, less(2 ** (coarser.pooling[axis] as number)));
}

/** Features of each level: 32, doubled from level to level up to 320. */
export function featuresOf({ strides }: Pick<Topology, "strides">): number[] {
  return strides.map((_, level) => Math.min(BASE_FEATURES * 2 ** level, MOST_FEATURES));
}

/**
 * Feature-map values of a U-Net without deep supervision (dynamic-network-architectures, compute_conv_feature_map_size of PlainConvUNet
 * and ResidualEncoderUNet).
 */
function memoryEstimate(topology: Topology, labelCount: number, encoder: PlannerRules["encoder"]): number {
  const { strides } = topology;
  const features = featuresOf(topology);
  const decoderMaps = encoder === "plain" ? PLAIN_CONVOLUTIONS + 1 : RESIDUAL_DECODER_CONVOLUTIONS + 1;
  const encoderMaps = encoder === "plain" ? strides.map(() => PLAIN_CONVOLUTIONS) : residualMaps(strides.length);
  let size: readonly number[] = topology.patchSize;
  let total = labelCount * volume(size);
  for (const [level, stride] of strides.entries()) {
    size = size.map((side, axis) => Math.ceil(side / (stride[axis] as number)));
    const maps = (encoderMaps[level] as number) + (level < strides.length - 1 ? decoderMaps : 0);
    total += maps * (features[level] as number) * volume(size);
  }
  return total;
}

/** Two convolutions a block, and one of the stem or of the first block's skip. */
function residualMaps(levels: number): number[] {
  return presetBlocks(levels).map((blocks) => 2 * blocks + 1);
}

function volume(size: readonly number[]): number {
  return size.reduce((product, side) => product * side, 1);
}
