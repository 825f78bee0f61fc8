import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MUTANTS, type Mutant } from "./mutants.js";
import { TreeCopy } from "./tree-copy.js";

/**
 * Makes each fault of the list in a copy of the compiled tree and runs the tests that must notice it. `npm run test:mutants`
 * tries all of them; words behind it, those whose name or file contains one. Ends with 1 when one was not noticed.
 */
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** The tests of one mutant take seconds; beyond this they hang. */
const LIMIT_MS = 180_000;

interface Outcome {
  /** `stale`: the list is out of date. `timed out`: tests that wait without a bound notice nothing. */
  readonly verdict: "killed" | "survived" | "timed out" | "stale";
  readonly because: string;
}

async function tryMutant(copy: TreeCopy, { file, from, to, tests }: Mutant): Promise<Outcome> {
  const stale = (because: string): Outcome => ({ verdict: "stale", because });
  const missing = tests.filter((test) => !copy.has(test));
  if (missing.length > 0) return stale(`there is no test ${missing.join(", ")}`);
  if (!existsSync(join(ROOT, file))) return stale(`there is no ${file}`);
  const source = readFileSync(join(ROOT, file), "utf8");
  const count = source.split(from).length - 1;
  if (count !== 1) return stale(`${file} holds its text ${count} times`);
  try {
    copy.replace(
      file,
      source.replace(from, () => to),
    );
  } catch (error) {
    return stale(`it does not compile: ${(error as Error).message}`);
  }
  try {
    const { end, failed = "" } = await copy.runTests(tests, LIMIT_MS);
    if (end === "timed out") return { verdict: end, because: tests.join(", ") };
    return end === "failed"
      ? { verdict: "killed", because: failed }
      : { verdict: "survived", because: tests.join(", ") };
  } finally {
    copy.restore(file);
  }
}

/** The tests must pass where nothing is changed: otherwise they would kill every mutant. */
async function checkUnchanged(copy: TreeCopy, mutants: readonly Mutant[]): Promise<void> {
  for (const test of new Set(mutants.flatMap(({ tests }) => tests))) {
    if (!copy.has(test)) continue;
    const { end, failed = "" } = await copy.runTests([test], LIMIT_MS);
    if (end !== "passed") throw new Error(`${test} ${end} without any change. ${failed}`);
  }
}

async function main(words: readonly string[]): Promise<number> {
  const isChosen = ({ name, file }: Mutant) =>
    words.length === 0 || words.some((word) => `${file} ${name}`.includes(word));
  const mutants = MUTANTS.filter(isChosen);
  using copy = new TreeCopy(ROOT);
  await checkUnchanged(copy, mutants);
  const left = new Set<Mutant>(mutants);
  for (const mutant of mutants) {
    const { verdict, because } = await tryMutant(copy, mutant);
    if (verdict === "killed") left.delete(mutant);
    console.log(`${verdict.padEnd(9)}  ${mutant.name} (${mutant.file})\n${" ".repeat(11)}${because}`);
  }
  console.log(`\n${mutants.length - left.size} of ${mutants.length} mutants killed`);
  return left.size === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
