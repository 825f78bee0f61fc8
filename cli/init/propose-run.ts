import type { Dataset } from "../../loader/index.js";
import {
  caseTable,
  MODE_DEFAULTS,
  type Mode,
  type NetworkPlan,
  PatchstreamError,
  planStages,
  type ResolvedSpec,
  resolveSpec,
  voxelCount,
} from "../../plan/index.js";
import {
  type NetworkName,
  networkFor,
  networkSize,
  parseRunSpec,
  type RunSpecInput,
  reportModel,
} from "../../trainer/index.js";
import { sizeText } from "../columns.js";
import { LENGTHS, type Length } from "./lengths.js";

/** What a user decides. */
export interface Answers {
  readonly mode: Mode;
  readonly length: Length;
  readonly network: NetworkName | "auto";
}

/** A run spec, and why each of its values is what it is. */
export interface ProposedRun {
  readonly run: RunSpecInput;
  readonly why: readonly { readonly field: string; readonly value: string; readonly reason: string }[];
}

/** Of the memory that a trainer has, the share that a step may take: the rest is for batches, the process and the evaluation. */
const STEP_SHARE = 0.5;
/** What SwinUNETR's features are a multiple of. */
const SWIN_FEATURES = 12;
/** Features of the finest level that are tried where the network's own are too many, from the most on. */
const SMALLER_FEATURES = [24, 16, 12, 8, 4];
/** More than any curriculum has stages. */
const MANY_EPOCHS = 100_000;

/**
 * A run of a store's data that trains as it is. What the store's fingerprint decided stays out of the document: plan, batch and spacing are the store's.
 * Throws SPEC_INVALID where a network does not take the data set's patches, LIMIT_EXCEEDED where no size of it fits into `memoryBytes`.
 */
export function proposeRun(dataset: Dataset, { mode, length, network }: Answers, memoryBytes: number): ProposedRun {
  const { plan } = dataset;
  const usable = dataset.cases.filter(({ unlabelled }) => !unlabelled).length;
  const { split, reason: splitReason } = splitOf(usable);
  const chosen = LENGTHS[length];
  const stageCount = stagesOf(plan, mode).length;
  const epochs = "epochs" in chosen ? chosen.epochs : stageCount;
  const { stepsPerEpoch, valSteps } = chosen;
  const strategy = strategyOf(mode, usable);
  const data = {
    dataset: dataset.name,
    split,
    mode,
    ...(strategy && { strategy }),
    epochs,
    stepsPerEpoch,
    valSteps,
    seed: 1,
  };
  const resolved = resolveSpec(data, { ...dataset, cases: caseTable(dataset) });
  const size = sizeFitting(resolved, network, dataset, memoryBytes);
  const { optimizer } = parseRunSpec({ data, training: { network } }).training;
  const rates = "training" in chosen && optimizer === "sgd" ? chosen : undefined;
  const training = {
    network,
    ...(size.baseFeatures !== undefined && { baseFeatures: size.baseFeatures }),
    ...rates?.training,
  };
  parseRunSpec({ data, training });
  const steps = Math.floor(epochs * stepsPerEpoch);
  const first = resolved.stages[0]?.patchSize ?? plan.patchSize;
  return {
    run: { data, training },
    why: [
      {
        field: "data.dataset",
        value: dataset.name,
        reason: `the store's: ${usable} labelled cases, ${dataset.channelNames.join(", ")}`,
      },
      { field: "data.split", value: JSON.stringify(split), reason: splitReason },
      {
        field: "data.mode",
        value: mode,
        reason: `${stageCount} ${stageCount === 1 ? "stage" : "stages"}, patches from ${sizeText(first)} to ${sizeText(plan.patchSize)} voxels, as the store was planned`,
      },
      ...(strategy === undefined
        ? []
        : [
            {
              field: "data.strategy",
              value: strategy,
              reason: "one case is trained on; the mode's own strategy cuts a batch from several",
            },
          ]),
      {
        field: "data.epochs",
        value: `${epochs} x ${stepsPerEpoch} steps`,
        reason: `${steps.toLocaleString("en-US")} steps: ${chosen.about}`,
      },
      {
        field: "data.valSteps",
        value: `${valSteps}`,
        reason: "batches at full patch after each epoch, for the pseudo Dice",
      },
      { field: "data.seed", value: "1", reason: "the same seed gives the same batches; another one is another run" },
      { field: "training.network", value: network, reason: size.reason },
      ...(rates === undefined
        ? []
        : [{ field: "training.learningRate", value: `${rates.training.learningRate}`, reason: rates.why }]),
    ],
  };
}

function stagesOf(plan: NetworkPlan, mode: Mode) {
  const { foregroundFraction } = MODE_DEFAULTS[mode];
  return planStages(mode, { plan, epochs: MANY_EPOCHS, foregroundFraction, rounding: "floor", budgetFraction: 1 });
}

function splitOf(cases: number): { split: { fold: "all" } | { folds: number; fold: number }; reason: string } {
  if (cases < 2) return { split: { fold: "all" }, reason: "one case: it is trained on, and validated on" };
  const folds = Math.min(5, cases);
  return { split: { folds, fold: 0 }, reason: `1 of ${folds} folds is held out, and evaluated at the end` };
}

/** Undefined where the mode's own strategy does: of two cases one is held out, and what cuts a batch from several finds one. */
function strategyOf(mode: Mode, cases: number): "single-volume" | undefined {
  const { strategy } = MODE_DEFAULTS[mode];
  return cases <= 2 && (strategy === "split-crop" || strategy === "multi-crop") ? "single-volume" : undefined;
}

type Stage = ResolvedSpec["stages"][number];

interface Sized {
  /** Absent: the network's own. */
  readonly baseFeatures?: number;
  readonly reason: string;
}

const bytesText = (bytes: number) =>
  bytes < 2 ** 30 ? `${Math.ceil(bytes / 2 ** 20)} MiB` : `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** The network's own size, or the largest smaller one, whose costliest step fits. */
function sizeFitting(spec: ResolvedSpec, network: Answers["network"], dataset: Dataset, memoryBytes: number): Sized {
  const voxels = ({ patchSize, batchSize }: Stage) => batchSize * voxelCount(patchSize);
  const last = spec.stages.at(-1) as Stage;
  const costliest = spec.stages.reduce((most, stage) => (voxels(stage) > voxels(most) ? stage : most), last);
  const smaller = SMALLER_FEATURES.filter((features) => network !== "swin-unetr" || features % SWIN_FEATURES === 0);
  const size = networkSize(dataset);
  let own: number | undefined;
  let needed = 0;
  for (const baseFeatures of [undefined, ...smaller]) {
    const described = networkFor(spec, { network, ...(baseFeatures !== undefined && { baseFeatures }) }, size);
    const { stages } = reportModel(described, [costliest, last]);
    needed = Math.max(...stages.map((stage) => stage.memoryBytes));
    own ??= needed;
    if (needed > STEP_SHARE * memoryBytes) continue;
    const room = `a step takes about ${bytesText(needed)} of the trainer's ${bytesText(memoryBytes)}`;
    if (baseFeatures === undefined) return { reason: `${described.kind}: ${room}` };
    const reason = `${described.kind} with ${baseFeatures} features at its finest level: ${room}; with its own it would be ${bytesText(own)}`;
    return { baseFeatures, reason };
  }
  const facts = { limit: "memory of a training step", got: needed, max: Math.floor(STEP_SHARE * memoryBytes) };
  const hint = "Choose --mode efficiency or another network, or say with --memory what the trainer's machine has.";
  throw new PatchstreamError({ code: "LIMIT_EXCEEDED", ...facts }, hint);
}
