import { PatchstreamError } from "../../plan/errors.js";
import type { SentFailure } from "./messages.js";

/** A failure as it goes to another process. */
export function sentFailure(error: unknown): SentFailure {
  if (error instanceof PatchstreamError) return { facts: error.facts, hint: error.hint };
  const reason = error instanceof Error ? error.message : String(error);
  return { facts: { code: "INTERNAL", where: "a process of the trainer", reason }, hint: undefined };
}

/** The failure that a process sent. */
export function receivedFailure({ facts, hint }: SentFailure): PatchstreamError {
  return new PatchstreamError(facts, hint);
}
