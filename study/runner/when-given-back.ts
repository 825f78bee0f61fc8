import { setTimeout } from "node:timers/promises";
import { PatchstreamError } from "../../plan/errors.js";

const AGAIN_MS = 250;

/** A process that ends takes its step to the end first, and a large one takes long. */
const LONGEST_MS = 15 * 60_000;

/**
 * What `call` resolves to, once nobody holds `place` any more: a trainer that has lost its study ends after the step in progress, and keeps its folders until
 * then. Throws what `call` throws for anything else, or after a quarter of an hour, and the signal's reason when it aborts.
 */
export async function whenGivenBack<Value>(
  place: (address: string) => boolean,
  call: () => Promise<Value>,
  signal: AbortSignal,
): Promise<Value> {
  const giveUpMs = performance.now() + LONGEST_MS;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      const isHeld =
        error instanceof PatchstreamError && error.facts.code === "UNAVAILABLE" && place(error.facts.address);
      if (!isHeld || performance.now() > giveUpMs) throw error;
      await setTimeout(AGAIN_MS, undefined, { signal });
    }
  }
}
