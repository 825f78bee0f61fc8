import { type Augmentation, NNUNET_AUGMENTATION } from "../augment/augmentation.js";
import type { CaseTable } from "../batch/case-table.js";
import { deepLabelSizes } from "../curriculum/levels.js";
import { type ForegroundShare, planStages, splitEpochs } from "../curriculum/modes.js";
import { checkBatchVoxels, checkPatch } from "../curriculum/network-plan.js";
import { totalSteps } from "../curriculum/schedule.js";
import type { NetworkPlan, Stage } from "../curriculum/stage.js";
import { PatchstreamError, refuse } from "../errors.js";
import { LIMITS } from "../limits.js";
import type { Zyx } from "../zyx.js";
import { type DataSpec, parseDataSpec } from "./data-spec.js";
import { MODE_DEFAULTS, NNUNET_BATCH } from "./mode-defaults.js";
import { resolvePlan } from "./plan-spec.js";
import { resolveSplit } from "./resolve-split.js";
import { RECIPE, type ResolvedSpec, type WireFormat } from "./resolved-spec.js";

/** What resolving needs to know of a store. */
export interface SpecDataset {
  readonly name: string;
  /** SHA-256, hex. */
  readonly digest: string;
  /** The plan used where the spec gives none. */
  readonly plan: NetworkPlan;
  /** Channels that were normalised within a mask, ascending. */
  readonly maskedChannels: readonly number[];
  readonly cases: CaseTable;
}

/**
 * The data half of a run spec with every default filled in, for one data set. A resolved spec resolves to itself. Throws
 * SPEC_INVALID naming the field, its value and what would be right, or RECIPE_UNKNOWN.
 */
export function resolveSpec(userSpec: unknown, dataset: SpecDataset): ResolvedSpec {
  const spec = parseDataSpec(userSpec);
  checkDataset(spec, dataset);
  const plan = resolvePlan(spec.plan ?? {}, dataset.plan, "data.plan");
  const defaults = spec.stages === undefined ? MODE_DEFAULTS[spec.mode ?? "constant"] : NNUNET_BATCH;
  const strategy = spec.strategy ?? defaults.strategy;
  const stages = resolveStages(spec, plan, spec.foregroundFraction ?? defaults.foregroundFraction);
  const split = resolveSplit(spec.split ?? {}, dataset.cases);
  const { stepsPerEpoch = 250, valSteps = split.val.length === 0 ? 0 : 50 } = spec;
  const resolved: ResolvedSpec = {
    recipe: RECIPE,
    dataset: dataset.name,
    datasetDigest: dataset.digest,
    split,
    plan,
    stages,
    stageOrder: spec.stageOrder ?? (spec.mode === "rpss" ? "random" : "scheduled"),
    strategy,
    epochs: stages.reduce((sum, stage) => sum + stage.epochs, 0),
    stepsPerEpoch,
    valSteps,
    seed: spec.seed ?? 1,
    augmentation: resolveAugmentation(spec.augmentation ?? NNUNET_AUGMENTATION, dataset),
    wire: resolveWire(spec.wire ?? {}, dataset.cases),
    deepSupervision: spec.deepSupervision ?? false,
  };
  checkTogether(resolved);
  return resolved;
}

function checkDataset(spec: DataSpec, { name, digest }: SpecDataset): void {
  if (spec.recipe !== undefined && spec.recipe !== RECIPE) {
    throw new PatchstreamError({ code: "RECIPE_UNKNOWN", recipe: spec.recipe, speaks: RECIPE });
  }
  if (spec.dataset !== name)
    refuse("data.dataset", spec.dataset, `${JSON.stringify(name)}, the data set of this store`);
  if (spec.datasetDigest !== undefined && spec.datasetDigest !== digest) {
    const hint = "The spec was resolved for other data of the same name.";
    refuse("data.datasetDigest", spec.datasetDigest, `${digest}, the store's own, or left out`, hint);
  }
}

function resolveStages(spec: DataSpec, plan: NetworkPlan, foregroundFraction: ForegroundShare): readonly Stage[] {
  const { mode = "constant", budgetFraction = 1, rounding = "floor" } = spec;
  if (spec.stages !== undefined) return ownStages(spec.stages, spec, plan, foregroundFraction);
  const epochs = spec.epochs ?? 1000;
  return planStages(mode, { plan, epochs, foregroundFraction, budgetFraction, rounding });
}

/** A user's own list of stages. Defaults: the plan's batch, the spec's foreground share, and epochs in equal parts. */
function ownStages(
  stages: NonNullable<DataSpec["stages"]>,
  spec: DataSpec,
  plan: NetworkPlan,
  foregroundFraction: ForegroundShare,
): readonly Stage[] {
  if (typeof foregroundFraction !== "number") {
    refuse("data.foregroundFraction", foregroundFraction, "a number, since data.stages can say each stage's own");
  }
  const withEpochs = stages.filter(({ epochs }) => epochs !== undefined).length;
  if (withEpochs !== 0 && withEpochs !== stages.length) {
    const missing = stages.findIndex(({ epochs }) => epochs === undefined);
    refuse(`data.stages[${missing}].epochs`, undefined, "given for every stage, or for none");
  }
  const shares = withEpochs === 0 ? splitEpochs(spec.epochs ?? 1000, stages.length) : [];
  const filled = stages.map((stage, index) => ({
    batchSize: plan.batchSize,
    epochs: shares[index] as number,
    foregroundFraction,
    ...stage,
  }));
  for (const [index, { patchSize }] of filled.entries()) {
    checkPatch(plan, patchSize, `data.stages[${index}].patchSize`);
  }
  const sum = filled.reduce((total, { epochs }) => total + epochs, 0);
  if (spec.epochs !== undefined && spec.epochs !== sum) {
    refuse("data.epochs", spec.epochs, `${sum}, the sum of the stages' epochs, or left out`);
  }
  if (sum > LIMITS.epochs) refuse("data.epochs", sum, `at most ${LIMITS.epochs}, over all data.stages`);
  return filled;
}

/** Fills in the channels of a mask, and leaves it out where there are none. */
function resolveAugmentation(
  augmentation: readonly Augmentation[],
  { maskedChannels, cases }: SpecDataset,
): readonly Augmentation[] {
  return augmentation.flatMap((entry): Augmentation[] => {
    if (entry.kind !== "mask") return [entry];
    const { channels = maskedChannels } = entry;
    if (channels.some((channel) => channel >= cases.channels)) {
      refuse("data.augmentation.mask.channels", channels, `below ${cases.channels}, the data set's number of channels`);
    }
    return channels.length === 0 ? [] : [{ ...entry, channels }];
  });
}

function resolveWire(wire: Partial<WireFormat>, { classes, largestLabel }: CaseTable): WireFormat {
  const largest = largestLabel ?? Math.max(0, ...classes);
  const { image = "f32", label = largest > 254 ? "i16" : "u8", layout = "channels-first" } = wire;
  if (label === "u8" && largest > 254) {
    refuse("data.wire.label", label, `"i16": u8 holds labels up to 254 and the data set has ${largest}`);
  }
  return { image, label, layout };
}

/** Rules that bind several fields. */
function checkTogether(spec: ResolvedSpec): void {
  const { plan, stages, strategy, split } = spec;
  checkBatchVoxels(plan.patchSize, plan.batchSize, "data.plan.batchSize");
  checkDeepLabels(spec, plan.patchSize, "data.plan.patchSize");
  for (const [index, { patchSize, cropSize, batchSize }] of stages.entries()) {
    checkBatchVoxels(patchSize, batchSize, `data.stages[${index}].batchSize`);
    if (cropSize !== undefined) checkBatchVoxels(cropSize, batchSize, `data.stages[${index}].batchSize`);
    checkDeepLabels(spec, patchSize, `data.stages[${index}].patchSize`);
    if (batchSize > LIMITS.batchSize) {
      refuse(`data.stages[${index}].batchSize`, batchSize, `at most ${LIMITS.batchSize}`);
    }
  }
  if (stages.length > LIMITS.stages) refuse("data.stages", stages, `at most ${LIMITS.stages} stages`);
  const steps = totalSteps(spec);
  if (steps < 1 || steps >= 2 ** 32) {
    const want = `such that the ${spec.epochs} epochs have 1 to ${2 ** 32 - 1} steps (they have ${steps})`;
    refuse("data.stepsPerEpoch", spec.stepsPerEpoch, want);
  }
  if (spec.epochs * spec.valSteps >= 2 ** 32) {
    refuse("data.valSteps", spec.valSteps, `such that the ${spec.epochs} epochs have fewer than ${2 ** 32} of them`);
  }
  if ((strategy === "split-crop" || strategy === "multi-crop") && split.train.length < 2) {
    const hint = 'Strategy "nnunet" or "single-volume" can use a single case.';
    refuse("data.strategy", strategy, "one that needs a single case, since the split trains on one", hint);
  }
  if (spec.valSteps > 0 && split.val.length === 0) {
    refuse("data.valSteps", spec.valSteps, "0, since data.split.val names no case");
  }
}

function checkDeepLabels(spec: ResolvedSpec, patchSize: Zyx, field: string): void {
  if (deepLabelSizes(spec, patchSize).every((size) => size.every((extent) => extent > 0))) return;
  refuse(field, patchSize, "large enough for a label at each level of the network, since data.deepSupervision is true");
}
