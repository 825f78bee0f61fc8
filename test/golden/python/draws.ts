import { type DrawPlace, drawInteger, drawUniform, PURPOSE } from "../../../plan/random.js";
import { chance } from "./chance.js";

const WORD = 2 ** 32 - 1;

/** Numbers drawn at places all over a run. */
export function goldenDraws() {
  const { integer, one } = chance(1);
  return Array.from({ length: 60 }, () => {
    const timeline = one(["train", "val"] as const);
    const seed = one([0, 1, WORD, Number.MAX_SAFE_INTEGER, integer(0, Number.MAX_SAFE_INTEGER)]);
    const place: DrawPlace = { seed, timeline, step: integer(0, WORD), sample: one([0, integer(0, WORD)]) };
    const [purpose, index, count] = [one(Object.values(PURPOSE)), integer(0, 5000), integer(1, 2 ** 32)];
    const drawn = { uniform: drawUniform(place, purpose, index), integer: drawInteger(place, purpose, index, count) };
    return { ...place, purpose, index, count, ...drawn };
  });
}
