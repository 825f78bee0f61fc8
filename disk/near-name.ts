import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Slips of the pen that still point to a name: letters left out, added or changed. */
const MOST_SLIPS = 2;

/** What lies beside `path`, which is not there, and has nearly its name; undefined where nothing has, or several have. */
export function nearName(path: string): string | undefined {
  const wanted = basename(path);
  const near = entriesBeside(path)
    .map((name) => ({ name, slips: slipsBetween(name.toLowerCase(), wanted.toLowerCase()) }))
    .filter(({ slips }) => slips <= MOST_SLIPS && slips < wanted.length / 2)
    .sort((a, b) => a.slips - b.slips);
  const [first, second] = near;
  if (first === undefined || first.slips === second?.slips) return undefined;
  return join(dirname(path), first.name);
}

function entriesBeside(path: string): readonly string[] {
  try {
    return readdirSync(dirname(path));
  } catch {
    return []; // a hint is optional: that the path is not there is reported without it
  }
}

/** Levenshtein's distance. */
function slipsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const changed = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
