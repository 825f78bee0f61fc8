import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { whyNotRead } from "../../disk/file-faults.js";
import { replaceFiles } from "../../disk/write-file.js";
import { epochsBefore } from "../../plan/curriculum/schedule.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import type { ModelState } from "../engines/engine.js";
import { savedOptimizer } from "../engines/model-state.js";
import type { OptimizerName } from "../engines/optimizers.js";
import type { NetworkDescription } from "../networks/network.js";
import type { LoggedDecision } from "./decision-log.js";
import type { ResumePoint } from "./event-log.js";
import type { Progress } from "./progress.js";
import {
  encodeSafetensors,
  type NamedTensor,
  readSafetensors,
  readSafetensorsHeader,
  verifySafetensors,
} from "./safetensors.js";
import type { TrainedOn } from "./trained-on.js";

/**
 * The checkpoints of a training: `latest` is what it goes on from, `best` that of the epoch with the highest moving average of the pseudo
 * Dice. Without validation there is no `best`.
 */
export type CheckpointName = "latest" | "best";

export const CHECKPOINT_FILES: Readonly<Record<CheckpointName, string>> = {
  latest: "checkpoint.safetensors",
  best: "checkpoint-best.safetensors",
};
const LOSS_CURVE = "curve/loss";

/** Throws SPEC_INVALID unless `digest` is that of the run that the checkpoint is of. */
export function checkSameRun(checkpoint: Pick<Checkpoint, "digest">, digest: string): void {
  if (checkpoint.digest === digest) return;
  const want = `that of the run in the checkpoint, ${checkpoint.digest}`;
  throw new PatchstreamError({ code: "SPEC_INVALID", field: "the run digest", got: digest, want });
}

/** Throws SPEC_INVALID unless the optimiser whose state a checkpoint holds under `names` is the one that is asked for. */
export function checkSameOptimizer(names: Iterable<string>, asked: OptimizerName): void {
  const saved = savedOptimizer(names);
  if (saved === asked) return;
  const want = `${saved}, whose state the checkpoint holds`;
  const hint = "Put it back in the training's run.json, or start a new training.";
  throw new PatchstreamError({ code: "SPEC_INVALID", field: "training.optimizer", got: asked, want }, hint);
}

/** Everything that a training rests on between two steps. */
export interface Checkpoint {
  /** Steps taken: the next step to take. */
  readonly step: number;
  /** Run digest, SHA-256 (hex). */
  readonly digest: string;
  readonly spec: ResolvedSpec;
  readonly network: NetworkDescription;
  /** Whether its Dice loss sums over the batch. */
  readonly batchDice: boolean;
  /** Label name to value, background included. */
  readonly labels: Readonly<Record<string, number>>;
  /** Absent in checkpoints that were written before it was kept. */
  readonly trainedOn?: TrainedOn;
  readonly decisions: readonly LoggedDecision[];
  readonly progress: Progress;
  /** Weights and momenta. */
  readonly model: ModelState;
  /** Loss of each step from 0 on. */
  readonly losses: readonly number[];
}

/** Where a checkpoint of the run in `folder` lies. */
export function checkpointPath(folder: string, name: CheckpointName = "latest"): string {
  return join(folder, CHECKPOINT_FILES[name]);
}

/**
 * Replaces the latest checkpoint in `folder`, and with `isBest` the best one by the same bytes. Written beside them, synced, then renamed,
 * the best one first: whatever fails, the latest one is whole, and the best one is at least as good as it says. Returns the size of
 * a file in bytes. Throws WRITE_FAILED.
 */
export function writeCheckpoint(
  folder: string,
  checkpoint: Checkpoint,
  { isBest = false }: { readonly isBest?: boolean } = {},
): number {
  const { model, losses, ...rest } = checkpoint;
  const curve = { shape: [losses.length], values: Float64Array.from(losses) };
  const pieces = encodeSafetensors({
    tensors: new Map<string, NamedTensor>([...model, [LOSS_CURVE, curve]]),
    metadata: { patchstream: JSON.stringify(rest) },
  });
  const names: readonly CheckpointName[] = isBest ? ["best", "latest"] : ["latest"];
  replaceFiles(names.map((name) => [checkpointPath(folder, name), pieces]));
  return pieces.reduce((bytes, piece) => bytes + piece.byteLength, 0);
}

/** What stands at the beginning of a checkpoint's file: all but the numbers. */
export type CheckpointHeader = Omit<Checkpoint, "model" | "losses">;

/** Where a training goes on with `checkpoint`; without one, from its beginning. */
export function resumePoint(checkpoint: CheckpointHeader | undefined): ResumePoint {
  if (checkpoint === undefined) return { step: 0, epochs: 0, decisions: 0 };
  const { step, progress, decisions } = checkpoint;
  return { step, epochs: progress.epochs, decisions: decisions.length };
}

function parseHeader({ metadata }: { metadata: Readonly<Record<string, string>> }, file: string): CheckpointHeader {
  try {
    const header = JSON.parse(metadata.patchstream ?? "") as CheckpointHeader;
    // Written before networks had more than one output, and before epochs were validated.
    const network = { ...header.network, heads: header.network.heads ?? [0] } as NetworkDescription;
    const { progress = { epochs: epochsBefore(header.spec, header.step) } } = header;
    return { ...header, network, progress };
  } catch (cause) {
    const facts = { file, reason: "its metadata does not parse", want: "a checkpoint that patchstream wrote" };
    throw new PatchstreamError({ code: "INPUT_DAMAGED", ...facts }, undefined, { cause });
  }
}

const isMissing = (error: unknown) => (error as NodeJS.ErrnoException).code === "ENOENT";

/** NOT_FOUND for a checkpoint that a training does not have. */
export function noCheckpoint(training: string, name: CheckpointName): PatchstreamError {
  const hint =
    name === "best"
      ? "It is written when the pseudo Dice rises: without validation there is none. Take the latest."
      : "The first is written when the first epoch ends.";
  const what = name === "best" ? "best checkpoint of training" : "checkpoint of training";
  return new PatchstreamError({ code: "NOT_FOUND", what, name: training, known: [] }, hint);
}

/**
 * The header of a checkpoint in `folder`, or undefined when there is none yet. Throws INPUT_DAMAGED where the header does
 * not parse or the file is not as long as it says; the numbers are not looked at.
 */
export function readCheckpointHeader(folder: string, name: CheckpointName = "latest"): CheckpointHeader | undefined {
  const path = checkpointPath(folder, name);
  let descriptor: number;
  try {
    descriptor = openSync(path, "r");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    return parseHeader(readSafetensorsHeader(descriptor, path), path);
  } finally {
    closeSync(descriptor);
  }
}

/** A checkpoint's header, and the names of its numbers. */
export interface VerifiedCheckpoint extends CheckpointHeader {
  readonly names: readonly string[];
}

/**
 * The latest checkpoint in `folder`, read through and whole, or undefined when there is none yet. Throws INPUT_DAMAGED: one changed bit is
 * enough.
 */
export async function verifyCheckpoint(folder: string): Promise<VerifiedCheckpoint | undefined> {
  const path = checkpointPath(folder);
  try {
    const verified = await verifySafetensors(path);
    return { ...parseHeader(verified, path), names: Object.keys(verified.entries) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** A checkpoint in `folder`, or undefined when there is none yet. Throws INPUT_DAMAGED for a damaged one. */
export function readCheckpoint(folder: string, name: CheckpointName = "latest"): Promise<Checkpoint | undefined> {
  return readCheckpointFile(checkpointPath(folder, name));
}

/** The checkpoint that lies at `path`, or undefined when there is none. Throws INPUT_DAMAGED for a damaged one. */
export async function readCheckpointFile(path: string): Promise<Checkpoint | undefined> {
  const content = await readSafetensors(path).catch((error: unknown) => {
    if (isMissing(error)) return undefined;
    if (error instanceof PatchstreamError || !(error instanceof Error && "code" in error)) throw error;
    const facts = { file: path, reason: whyNotRead(error), want: "a checkpoint" };
    throw new PatchstreamError({ code: "INPUT_DAMAGED", ...facts }, undefined, { cause: error });
  });
  if (content === undefined) return undefined;
  const { tensors } = content;
  const model = new Map([...tensors].filter(([name]) => name !== LOSS_CURVE)) as ModelState;
  const losses = [...(tensors.get(LOSS_CURVE)?.values ?? [])].map(Number);
  return { ...parseHeader(content, path), model, losses };
}
