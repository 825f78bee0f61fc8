import { readFileSync } from "node:fs";
import type { CaseTable } from "../../plan/batch/case-table.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";

const given = JSON.parse(readFileSync(new URL("../../../test/golden/six-cases.json", import.meta.url), "utf8")) as {
  cases: CaseTable;
  spec: ResolvedSpec;
};

/** Six small cases of two classes; `case_4` lacks class 2, `case_5` has no foreground at all. */
export const sixCases = given.cases;

/** A resolved spec of three stages over `sixCases`. */
export const threeStages = given.spec;
