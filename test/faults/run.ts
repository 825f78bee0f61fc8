import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeSampleStore } from "../engine/sample-store.js";
import { Reference } from "./reference.js";
import { type Outcome, runSchedule } from "./run-schedule.js";
import { describeSchedule, drawSchedule } from "./schedule.js";
import { wiresHere } from "./wire/namespaces.js";

/** `npm run faults -- [--schedules N] [--seed FIRST] [--at-once N]`: plays the schedules of N seeds from FIRST on. Ends with 1 when a guarantee was broken. */
const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    "at-once": { type: "string", default: "1" },
  },
});
const first = Number(values.seed);
const end = first + Number(values.schedules);

const folder = mkdtempSync(join(tmpdir(), "patchstream-fault-store-"));
const outcomes: Outcome[] = [];
try {
  const store = await makeSampleStore(folder);
  await using reference = await Reference.open(store);
  const wires = await wiresHere();
  if (!wires.includes("namespaces")) console.log("no network namespaces here: every schedule goes through a relay");
  let next = first;
  const play = async () => {
    while (next < end) {
      const schedule = drawSchedule(next++, wires);
      const outcome = await runSchedule(schedule, store, reference);
      outcomes.push(outcome);
      const gaps = outcome.gaps.map(({ ms }) => `${Math.round(ms)}`).join(", ");
      const verdict = outcome.broken.length === 0 ? "ok" : "BROKEN";
      console.log(
        `seed ${schedule.seed} ${verdict} ${outcome.seconds.toFixed(1)} s, gaps ${gaps} ms: ${describeSchedule(schedule)}`,
      );
      for (const line of outcome.broken) console.log(`  ${line}`);
      if (outcome.broken.length > 0) console.log(`  again: npm run faults -- --seed ${schedule.seed}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values["at-once"]) }, play));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const failed = outcomes.filter(({ broken }) => broken.length > 0);
console.log(
  `${outcomes.length} schedules, ${failed.length} broken${failed.map(({ schedule }) => ` ${schedule.seed}`).join(",")}`,
);
process.exitCode = failed.length > 0 ? 1 : 0;
