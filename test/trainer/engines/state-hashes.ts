import { createHash } from "node:crypto";
import type { ModelState } from "../../../trainer/engines/engine.js";

/** Of each tensor's values, which compares faster than they do. */
export const stateHashes = (state: ModelState): Map<string, string> =>
  new Map([...state].map(([name, { values }]) => [name, createHash("sha256").update(values).digest("hex")]));
