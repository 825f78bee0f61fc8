import type { DatasetInfo, RunInfo } from "../../client/types.js";
import { checkControl } from "../loop/check-control.js";
import { networkFor, networkSize } from "../loop/network-for.js";
import { type CheckpointHeader, checkSameOptimizer, checkSameRun, verifyCheckpoint } from "../run-folder/checkpoint.js";
import type { TrainingRequest } from "../run-folder/request.js";
import type { RunSpec } from "../spec.js";
import { type DataAccess, describeAt } from "./data-servers.js";
import type { TrainingEngines } from "./engines.js";
import { type TrainingNeed, trainingNeed } from "./estimate-memory.js";
import type { KnownTraining } from "./known-training.js";
import type { MemoryBudget } from "./memory-budget.js";
import type { SessionSizes } from "./session-sizes.js";

export interface StartChecks {
  readonly access: DataAccess;
  readonly engines: TrainingEngines;
  readonly memory: MemoryBudget;
  readonly sizes: SessionSizes;
}

/** Memory that the run is estimated to take. Throws what its network cannot take and what its control cannot decide by, LIMIT_EXCEEDED where it would never fit. */
async function needOf(
  { run, dataset }: { readonly run: RunInfo; readonly dataset: DatasetInfo },
  { training }: RunSpec,
  { memory, sizes }: Pick<StartChecks, "memory" | "sizes">,
): Promise<TrainingNeed> {
  checkControl(run.spec, training);
  const network = networkFor(run.spec, training, networkSize(dataset));
  const need = await trainingNeed({ network, run, dataset, training }, sizes);
  memory.checkFits(need.bytes, "The training", "the run a smaller network, patch or batch");
  return need;
}

/**
 * Looks at a new training: its data servers describe it, its engine is opened, its network takes its patches, and it fits into the memory. Throws
 * what is wrong with any of them. Resolves to the memory that it is estimated to take.
 */
export async function checkNew(
  spec: RunSpec,
  data: readonly string[],
  { access, engines, ...limits }: StartChecks,
): Promise<TrainingNeed> {
  const checks = [describeAt(access, data, spec.data), engines.check(spec.training.engine)] as const;
  const [described] = await Promise.all(checks);
  return needOf(described, spec, limits);
}

/** Looks at a training to go on with, its checkpoint included, which `checkpoint` is then. Throws as `checkNew`, INPUT_DAMAGED. */
export async function checkResumption(
  { folder, spec }: Pick<KnownTraining, "folder" | "spec">,
  { data }: TrainingRequest,
  { access, engines, ...limits }: StartChecks,
): Promise<{ readonly checkpoint: CheckpointHeader | undefined; readonly need: TrainingNeed }> {
  const checkpoint = await verifyCheckpoint(folder);
  if (checkpoint !== undefined) checkSameOptimizer(checkpoint.names, spec.training.optimizer);
  const [described] = await Promise.all([
    describeAt(access, data, checkpoint?.spec ?? spec.data),
    engines.check(spec.training.engine),
  ]);
  if (checkpoint !== undefined) checkSameRun(checkpoint, described.run.digest);
  return { checkpoint, need: await needOf(described, spec, limits) };
}
