/** Writes frozen-plans.json, after RECIPE has risen: `npx tsc && node dist/test/golden/frozen-plans.js`. */
import { writeFileSync } from "node:fs";
import { frozenPlans } from "../plan/frozen-plans.js";

const path = new URL("../../../test/golden/frozen-plans.json", import.meta.url);
writeFileSync(path, `${JSON.stringify(frozenPlans(), null, 2)}\n`);
