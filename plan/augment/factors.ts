import { type DrawPlace, drawBetween, drawEvent, type Purpose } from "../random.js";
import type { Range } from "./augmentation.js";
import type { Subject } from "./subject.js";

/**
 * Each channel's own factor, or undefined where the sample gets none. Where `range` holds 1 inside, half of the factors are
 * uniform below 1 and half above (batchgeneratorsv2, `BGContrast`).
 */
export function drawFactors(
  { probability, range }: { readonly probability: number; readonly range: Range },
  { place, channels }: Subject,
  purpose: Purpose,
): number[] | undefined {
  if (!drawEvent(place, purpose, 0, probability)) return undefined;
  const factors: number[] = [];
  for (let channel = 0; channel < channels; channel++) factors.push(drawFactor(place, purpose, channel, range));
  return factors;
}

function drawFactor(place: DrawPlace, purpose: Purpose, channel: number, range: Range): number {
  const first = 1 + 2 * channel;
  const [low, high] = range;
  if (low >= 1 || high <= 1) return drawBetween(place, purpose, first + 1, range);
  const side: Range = drawEvent(place, purpose, first, 0.5) ? [low, 1] : [1, high];
  return drawBetween(place, purpose, first + 1, side);
}
