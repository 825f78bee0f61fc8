import type { Plateau } from "../run-folder/progress.js";
import type { AdaptiveControl } from "../spec.js";

/** The plateau after one more epoch, which ended in `stage` with the moving average `dice`. */
export function plateauAfter(
  before: Plateau | undefined,
  { stage, dice, minDelta }: { readonly stage: number; readonly dice: number | undefined; readonly minDelta: number },
): Plateau {
  // Another patch size is another curve: a stage is held against itself alone.
  const { epochs, highest, epochsSince } =
    before?.stage === stage ? before : { epochs: 0, highest: undefined, epochsSince: 0 };
  const rises = dice !== undefined && (highest === undefined || dice > highest + minDelta);
  const top = rises ? dice : highest;
  return {
    stage,
    epochs: epochs + 1,
    ...(top !== undefined && { highest: top }),
    epochsSince: rises ? 0 : epochsSince + 1,
  };
}

/** Why the stage of `plateau` is to be advanced after its last epoch, in one line; undefined while it is not. */
export function whyAdvance(
  { epochs, highest, epochsSince }: Plateau,
  { leastEpochs, mostEpochs, patience, minDelta }: AdaptiveControl & { readonly mostEpochs: number },
): string | undefined {
  if (epochs >= mostEpochs) return `its ${mostEpochs} epochs are over`;
  if (epochs < leastEpochs || epochsSince < patience) return undefined;
  const since = `for ${epochsSince} epochs`;
  if (highest === undefined) return `${since} there was no pseudo Dice`;
  return `${since} the smoothed pseudo Dice has not risen by more than ${minDelta} above ${highest.toFixed(4)}`;
}
