import { drawBetween, drawEvent, type Purpose } from "../random.js";
import type { Range } from "./augmentation.js";
import type { Subject } from "./subject.js";

/**
 * Each channel's own factor, or undefined where the sample gets none. Where `range` holds 1 inside, half of the factors are
 * uniform below 1 and half above (batchgeneratorsv2, `BGContrast`).
 */
export function drawFactors(
  { probability, range: [low, high] }: { readonly probability: number; readonly range: Range },
  { place, channels }: Subject,
  purpose: Purpose,
): number[] | undefined {
  if (!drawEvent({ ...place, purpose, index: 0 }, probability)) return undefined;
  return Array.from({ length: channels }, (_, channel) => {
    const side = { ...place, purpose, index: 1 + 2 * channel };
    const value = { ...side, index: side.index + 1 };
    if (low >= 1 || high <= 1) return drawBetween(value, [low, high]);
    return drawBetween(value, drawEvent(side, 0.5) ? [low, 1] : [1, high]);
  });
}
