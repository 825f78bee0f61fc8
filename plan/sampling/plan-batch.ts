import { drawTransforms } from "../augment/draw-augmentation.js";
import type { Address } from "../batch/address.js";
import type { BatchPlan, Crop, DrawnBatchPlan } from "../batch/batch-plan.js";
import type { CaseEntry, CaseTable } from "../batch/case-table.js";
import { checkRank, ONLY_RANK, type Rank, samplesOf } from "../batch/share.js";
import { augmentationOf, checkAddress, stageOf } from "../batch/timeline.js";
import type { Stage } from "../curriculum/stage.js";
import { PatchstreamError } from "../errors.js";
import { type DrawPlace, drawInteger, PURPOSE } from "../random.js";
import type { ResolvedSpec, Strategy } from "../run-spec/resolved-spec.js";
import type { Zyx } from "../zyx.js";
import type { ChooseSamples, SampleChoice } from "./batch-choice.js";
import { randomStartBounds } from "./box.js";
import { foregroundCount } from "./foreground-count.js";
import { chooseMultiCrop } from "./multi-crop.js";
import { chooseNnunet } from "./nnunet.js";
import { chooseSingleCrop } from "./single-crop.js";
import { chooseSingleVolume } from "./single-volume.js";
import { chooseSplitCrop } from "./split-crop.js";

const STRATEGIES: Readonly<Record<Strategy, ChooseSamples>> = {
  nnunet: chooseNnunet,
  "single-volume": chooseSingleVolume,
  "multi-crop": chooseMultiCrop,
  "split-crop": chooseSplitCrop,
  "single-crop": chooseSingleCrop,
};

/** How the boxes of a timeline are chosen at one stage. */
interface Choice {
  readonly stage: Stage;
  readonly strategy: Strategy;
  readonly caseIds: readonly string[];
}

/**
 * Decides all of one batch, or one rank's share of it: `planCrops`, and every transform. A pure function: the union over ranks is the
 * same batch for any number of them.
 *
 * The `val` timeline has no curriculum: always the plan's patch and batch size, nnU-Net's strategy with its foreground
 * share 0.33, no augmentation, cases of `split.val`; its step is epoch x valSteps + i, and its stage the last one.
 *
 * Throws STAGE_UNKNOWN, STEP_UNKNOWN, REQUEST_INVALID for ranks that some stage cannot serve, and NOT_FOUND for a case of
 * the split that `cases` lacks.
 */
export function planBatch(
  spec: ResolvedSpec,
  cases: CaseTable,
  address: Address,
  rank: Rank = ONLY_RANK,
): DrawnBatchPlan {
  const plan = planCrops(spec, cases, address, rank);
  const { timeline, step, cropSize } = plan;
  const augmentation = augmentationOf(spec, timeline);
  const batch = { augmentation, seed: spec.seed, timeline, step, cropSize, channels: cases.channels };
  const crops = plan.crops.map((crop) => ({ ...crop, transforms: drawTransforms(batch, crop.sample) }));
  return { ...plan, crops };
}

/** As `planBatch`, without transforms: an engine draws those where it cuts the patch, and the same ones. */
export function planCrops(spec: ResolvedSpec, cases: CaseTable, address: Address, rank: Rank = ONLY_RANK): BatchPlan {
  const planning = planCropsInSlices(spec, cases, address, rank);
  for (;;) {
    const slice = planning.next();
    if (slice.done) return slice.value;
  }
}

/** Samples of a slice: some 5 ms. */
const SLICE_SAMPLES = 4096;

/** As `planCrops`, with a pause after every 4096 samples, in which the caller can answer other calls before it asks for the next slice. */
export function* planCropsInSlices(
  spec: ResolvedSpec,
  cases: CaseTable,
  address: Address,
  rank: Rank = ONLY_RANK,
): Generator<undefined, BatchPlan> {
  checkAddress(spec, address);
  checkRank(spec, rank);
  const { stage, strategy, caseIds } = choiceOf(spec, address);
  const entries = caseEntries(cases, caseIds);
  const { seed } = spec;
  const { timeline, step } = address;
  const cropSize = stage.cropSize ?? stage.patchSize;

  const choices = STRATEGIES[strategy]({
    batchSize: stage.batchSize,
    foregroundCount: foregroundCount(stage.batchSize, stage.foregroundFraction),
    caseCount: entries.length,
    draw: (purpose, sample, index, count) => drawInteger({ seed, timeline, step, sample }, purpose, index, count),
  });
  const boxes: CaseBoxes[] = [];
  const crops: Crop[] = [];
  for (const sample of samplesOf(choices.length, rank)) {
    const { caseIndex, foreground } = choices[sample] as SampleChoice;
    boxes[caseIndex] ??= caseBoxes(cases, entries[caseIndex] as CaseEntry, cropSize);
    crops.push(drawCrop(boxes[caseIndex], foreground, { seed, timeline, step, sample }));
    if (crops.length % SLICE_SAMPLES === 0) yield;
  }
  const { patchSize, batchSize: globalBatch } = stage;
  return { timeline, step, stage: address.stage, patchSize, cropSize, globalBatch, crops };
}

function choiceOf(spec: ResolvedSpec, { timeline, stage }: Address): Choice {
  const { strategy, split } = spec;
  const at = stageOf(spec, timeline, stage);
  return timeline === "train"
    ? { stage: at, strategy, caseIds: split.train }
    : { stage: at, strategy: "nnunet", caseIds: split.val };
}

/** Where patches of a batch may lie in one case. */
interface CaseBoxes {
  readonly id: string;
  /** The classes that the case has, with how many locations. */
  readonly present: readonly { readonly value: number; readonly locations: number }[];
  /** Locations of any label, where there is an ignore label. */
  readonly annotated: number;
  /** Where the first voxel of a random patch (Z,Y,X) may lie: the smallest start, and how many starts there are. */
  readonly lower: Zyx;
  readonly starts: Zyx;
}

function caseBoxes(
  { classes, ignoreLabel }: CaseTable,
  { id, shape, foregroundCounts }: CaseEntry,
  cropSize: Zyx,
): CaseBoxes {
  const annotated = ignoreLabel === undefined ? 0 : (foregroundCounts[classes.length] ?? 0);
  const present = classes
    .map((value, index) => ({ value, locations: foregroundCounts[index] ?? 0 }))
    .filter(({ locations }) => locations > 0);
  const { lower, upper } = randomStartBounds(shape, cropSize);
  const starts: Zyx = [upper[0] - lower[0] + 1, upper[1] - lower[1] + 1, upper[2] - lower[2] + 1];
  return { id, present, annotated, lower, starts };
}

/**
 * A foreground patch (class uniform among those the case has, then location uniform), or a random one where it has none. With an
 * ignore label random patches lie around labelled voxels, as nnU-Net's (nnUNetDataLoader, get_bbox).
 */
function drawCrop({ id, present, annotated, lower, starts }: CaseBoxes, foreground: boolean, place: DrawPlace): Crop {
  const { sample } = place;
  if (foreground && present.length > 0) {
    const chosen = present[drawInteger(place, PURPOSE.class, 0, present.length)] as CaseBoxes["present"][number];
    const location = drawInteger(place, PURPOSE.location, 0, chosen.locations);
    return { sample, case: id, kind: "foreground", class: chosen.value, location };
  }
  if (annotated > 0) {
    const location = drawInteger(place, PURPOSE.location, 0, annotated);
    return { sample, case: id, kind: "annotated", location };
  }
  const z = lower[0] + drawInteger(place, PURPOSE.start, 0, starts[0]);
  const y = lower[1] + drawInteger(place, PURPOSE.start, 1, starts[1]);
  const x = lower[2] + drawInteger(place, PURPOSE.start, 2, starts[2]);
  return { sample, case: id, kind: "random", lower: [z, y, x] };
}

function caseEntries(cases: CaseTable, ids: readonly string[]): CaseEntry[] {
  const byId = new Map(cases.cases.map((entry) => [entry.id, entry]));
  return ids.map((id) => {
    const entry = byId.get(id);
    if (entry === undefined)
      throw new PatchstreamError({ code: "NOT_FOUND", what: "case", name: id, known: [...byId.keys()] });
    return entry;
  });
}
