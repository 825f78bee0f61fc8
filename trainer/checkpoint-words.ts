import type { CheckpointKind } from "../proto/messages.js";
import type { CheckpointName } from "./run-folder/checkpoint.js";

const KINDS: Readonly<Record<CheckpointName, CheckpointKind>> = {
  latest: "CHECKPOINT_KIND_LATEST",
  best: "CHECKPOINT_KIND_BEST",
};

/** As the wire names it. */
export function kindOf(checkpoint: CheckpointName): CheckpointKind {
  return KINDS[checkpoint];
}

/** The checkpoint of a kind of the wire; undefined for a kind that names none. */
export function checkpointOf(kind: CheckpointKind): CheckpointName | undefined {
  return (Object.keys(KINDS) as CheckpointName[]).find((name) => KINDS[name] === kind);
}
