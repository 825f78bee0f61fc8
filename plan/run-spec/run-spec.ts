import { refuse } from "../errors.js";
import { type DataSpec, parseDataSpec } from "./data-spec.js";
import { entries } from "./read.js";

/** What `run.json` holds. `data` is as its author wrote it; the data server resolves it. */
export interface RunDocument {
  readonly data: DataSpec;
  /** Not read here: only a trainer knows what it may hold. Undefined where it was left out. */
  readonly training: unknown;
}

const FORM = 'The least is { "data": { "dataset": NAME } }, with the name that inspect prints first.';

/** Reads a run spec: an object with `data` and, where it trains, `training`. Throws SPEC_INVALID naming the field. */
export function parseRunDocument(value: unknown): RunDocument {
  const known = entries(value, "the run spec");
  const unknown = known.find(([key]) => key !== "data" && key !== "training");
  if (unknown !== undefined)
    refuse(unknown[0], unknown[1], 'left out: a run spec has "data" and "training" only', FORM);
  const { data, training } = Object.fromEntries(known);
  if (data === undefined) refuse("data", data, "an object", FORM);
  return { data: parseDataSpec(data), training };
}
