import { existsSync, readFileSync } from "node:fs";
import test from "ava";
import { MUTANTS } from "../mutants/mutants.js";

const root = new URL("../../../", import.meta.url);

test("every mutant's text occurs once in its source, and its tests are there", (t) => {
  for (const { name, file, from, tests } of MUTANTS) {
    t.is(readFileSync(new URL(file, root), "utf8").split(from).length, 2, `${name}: ${file}`);
    for (const one of tests) t.true(existsSync(new URL(`test/${one}.test.ts`, root)), `${name}: ${one}`);
  }
});
