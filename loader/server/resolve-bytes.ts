import { canonicalJson } from "../../plan/canonical-json.js";
import { PatchstreamError } from "../../plan/errors.js";
import { resolveSpec, type SpecDataset } from "../../plan/run-spec/resolve.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";

/** A spec with all its defaults, and its RFC 8785 canonical JSON. */
export interface ResolvedBytes {
  readonly spec: ResolvedSpec;
  readonly bytes: Uint8Array;
}

/** Resolves a data spec (UTF-8 JSON) against a store. Throws SPEC_INVALID or RECIPE_UNKNOWN. */
export function resolveBytes(specBytes: Uint8Array, store: SpecDataset): ResolvedBytes {
  const spec = resolveSpec(parseJson(specBytes), store);
  return { spec, bytes: Buffer.from(canonicalJson(spec)) };
}

/** A resolved spec needs five; far beyond, even printing the value in an error would run out of stack. */
const DEEPEST_JSON = 64;

function parseJson(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (nestsDeeperThan(text, DEEPEST_JSON)) throw new RangeError("nested too deep");
    return JSON.parse(text);
  } catch (cause) {
    const got = Buffer.from(bytes.subarray(0, 40)).toString();
    throw new PatchstreamError(
      { code: "SPEC_INVALID", field: "data", got, want: "UTF-8 JSON, nested at most 64 deep" },
      undefined,
      { cause },
    );
  }
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/** Whether brackets nest deeper than `most`, those inside of strings left out. One pass: a regular expression could take a square of it. */
export function nestsDeeperThan(text: string, most: number): boolean {
  let depth = 0;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isInString) {
      if (code === BACKSLASH) at++;
      else isInString = code !== QUOTE;
    } else if (code === QUOTE) isInString = true;
    else if (OPENING.includes(code)) depth++;
    else if (CLOSING.includes(code)) depth--;
    if (depth > most) return true;
  }
  return false;
}
