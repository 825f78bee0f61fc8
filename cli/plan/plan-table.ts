import {
  foregroundCount,
  type Mode,
  type NetworkPlan,
  relativeFlops,
  type Stage,
  voxelCount,
} from "../../plan/index.js";
import { alignColumns, barText, sizeText } from "../columns.js";

/** A mode's stages for one network. */
export interface Curriculum {
  readonly plan: NetworkPlan;
  readonly mode: Mode;
  readonly stages: readonly Stage[];
}

interface StageRow {
  readonly stage: number;
  readonly patchSize: Stage["patchSize"];
  readonly batchSize: number;
  readonly fromEpoch: number;
  readonly epochs: number;
  readonly foregroundFraction: number;
  /** Samples of a batch that are foreground: the fraction, rounded to whole samples. */
  readonly foregroundCount: number;
  /** Of one patch. */
  readonly voxels: number;
  /** Of a batch, as a fraction of the constant mode's. */
  readonly budgetUsed: number;
}

export interface CurriculumJson {
  readonly mode: Mode;
  readonly plan: NetworkPlan;
  readonly stages: readonly StageRow[];
  /** A fraction of the constant mode's voxels. */
  readonly relativeFlops: number;
}

/** What `--json` prints. */
export function curriculumJson({ plan, mode, stages }: Curriculum): CurriculumJson {
  const budget = plan.batchSize * voxelCount(plan.patchSize);
  let fromEpoch = 0;
  const rows = stages.map((each, stage) => {
    const voxels = voxelCount(each.patchSize);
    const row = {
      stage,
      ...each,
      foregroundCount: foregroundCount(each.batchSize, each.foregroundFraction),
      fromEpoch,
      voxels,
      budgetUsed: (each.batchSize * voxels) / budget,
    };
    fromEpoch += each.epochs;
    return row;
  });
  return { mode, plan, stages: rows, relativeFlops: relativeFlops(plan, weighted(mode, stages)) };
}

/** RPSS draws all stages equally often; the epochs play no part. */
function weighted(mode: Mode, stages: readonly Stage[]): readonly Stage[] {
  return mode === "rpss" ? stages.map((stage) => ({ ...stage, epochs: 1 })) : stages;
}

/** The table that `patchstream plan` prints: at most 100 columns. */
export function curriculumTable(curriculum: Curriculum): string {
  const { plan, mode, stages, relativeFlops } = curriculumJson(curriculum);
  const epochs = stages.reduce((sum, stage) => sum + stage.epochs, 0);
  const header = ["stage", "epochs", "patch", "voxels", "batch", "foreground", "of budget", ""];
  const rows = stages.map((row) => [
    `${row.stage}`,
    mode === "rpss" ? "drawn" : `${row.fromEpoch}-${row.fromEpoch + row.epochs - 1}`,
    sizeText(row.patchSize),
    row.voxels.toLocaleString("en"),
    `${row.batchSize}`,
    `${Math.round((100 * row.foregroundCount) / row.batchSize)} %`,
    `${(100 * row.budgetUsed).toFixed(1)} %`,
    barText(row.budgetUsed),
  ]);
  const network = `patch ${sizeText(plan.patchSize)}, batch ${plan.batchSize}, pooling ${plan.pooling.join(",")}`;
  const count = `${stages.length} ${stages.length === 1 ? "stage" : "stages"}, ${epochs} epochs`;
  const resampled =
    mode === "progressive-resolution" ? `Each patch is ${sizeText(plan.patchSize)} voxels, resampled.\n` : "";
  return [
    `${mode}: ${count} (${network})\n${resampled}\n`,
    alignColumns([header, ...rows], [7]),
    `\nRelative FLOPs: ${(100 * relativeFlops).toFixed(1)} % of constant training at the final patch.\n`,
  ].join("");
}
