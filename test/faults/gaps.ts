import type { Said } from "./reader.js";
import type { FaultKind } from "./schedule.js";

/** A fault that has struck, in milliseconds since 1970. */
export interface Struck {
  readonly kind: FaultKind;
  readonly struckMs: number;
  readonly mendedMs: number;
  /** Another replica was well all the time. */
  readonly someoneWell: boolean;
}

/** The longest wait for a batch that a fault has caused. */
export interface Gap {
  readonly kind: FaultKind;
  readonly someoneWell: boolean;
  readonly ms: number;
}

/**
 * For each fault the longest time that the client waited for a batch, from the fault until the next one. A wait counts from when the fault struck, or,
 * where no replica was left, from when it was mended.
 */
export function gapsOf(said: readonly Said[], struck: readonly Struck[]): Gap[] {
  const batches = said.flatMap((line) => (line.said === "batch" ? [line] : []));
  return struck.map(({ kind, struckMs, mendedMs, someoneWell }, place) => {
    const fromMs = someoneWell ? struckMs : mendedMs;
    const toMs = struck[place + 1]?.struckMs ?? Infinity;
    const waits = batches.map(({ askedMs, gotMs }) => Math.min(gotMs, toMs) - Math.max(askedMs, fromMs));
    return { kind, someoneWell, ms: Math.max(0, ...waits) };
  });
}
