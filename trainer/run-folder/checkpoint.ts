import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../../disk/write-file.js";
import type { StageDecision } from "../../plan/batch/stage-timeline.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import type { ModelState } from "../engines/engine.js";
import type { NetworkDescription } from "../networks/network.js";
import { decodeSafetensors, encodeSafetensors, type NamedTensor } from "./safetensors.js";

const FILE = "checkpoint.safetensors";
const LOSS_CURVE = "curve/loss";

/** Everything that a training rests on between two steps. */
export interface Checkpoint {
  /** Steps taken: the next step to take. */
  readonly step: number;
  /** Run digest, SHA-256 (hex). */
  readonly digest: string;
  readonly spec: ResolvedSpec;
  readonly network: NetworkDescription;
  /** Label name to value, background included. */
  readonly labels: Readonly<Record<string, number>>;
  readonly decisions: readonly StageDecision[];
  /** Weights and momenta. */
  readonly model: ModelState;
  /** Loss of each step from 0 on. */
  readonly losses: readonly number[];
}

/** Where the checkpoint of the run in `folder` lies. */
export function checkpointPath(folder: string): string {
  return join(folder, FILE);
}

/**
 * Replaces the checkpoint in `folder`. Written beside it, synced, then renamed: whatever fails, the previous one stays
 * whole. Returns the file's size in bytes. Throws WRITE_FAILED.
 */
export function writeCheckpoint(folder: string, checkpoint: Checkpoint): number {
  const { model, losses, ...rest } = checkpoint;
  const curve = { shape: [losses.length], values: Float64Array.from(losses) };
  const pieces = encodeSafetensors({
    tensors: new Map<string, NamedTensor>([...model, [LOSS_CURVE, curve]]),
    metadata: { patchstream: JSON.stringify(rest) },
  });
  const path = checkpointPath(folder);
  replaceFile(path, pieces);
  return pieces.reduce((bytes, piece) => bytes + piece.byteLength, 0);
}

/** The checkpoint in `folder`, or undefined when there is none yet. Throws INPUT_DAMAGED for a damaged one. */
export async function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  const path = checkpointPath(folder);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  const { tensors, metadata } = decodeSafetensors(bytes, path);
  const model = new Map([...tensors].filter(([name]) => name !== LOSS_CURVE)) as ModelState;
  const losses = [...(tensors.get(LOSS_CURVE)?.values ?? [])];
  return { ...(JSON.parse(metadata.patchstream as string) as Omit<Checkpoint, "model" | "losses">), model, losses };
}
