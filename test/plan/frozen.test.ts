import { readFileSync } from "node:fs";
import test from "ava";
import { frozenPlans } from "./frozen-plans.js";

test("draws and batch plans are those of this RECIPE, number for number", (t) => {
  const golden = new URL("../../../test/golden/frozen-plans.json", import.meta.url);
  t.deepEqual(frozenPlans(), JSON.parse(readFileSync(golden, "utf8")));
});
