import { PatchstreamError } from "../../plan/errors.js";
import type { CheckpointKind } from "../../proto/messages.js";
import { checkpointOf } from "../checkpoint-words.js";
import type { CheckpointName } from "../run-folder/checkpoint.js";

/** The checkpoint that a request asks for. Throws REQUEST_INVALID for one that names none. */
export function checkpointName(kind: CheckpointKind = "CHECKPOINT_KIND_LATEST"): CheckpointName {
  const name = checkpointOf(kind);
  if (name !== undefined) return name;
  const want = "CHECKPOINT_KIND_LATEST or CHECKPOINT_KIND_BEST";
  throw new PatchstreamError({ code: "REQUEST_INVALID", field: "checkpoint", got: kind, want });
}
