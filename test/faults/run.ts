import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { makeSampleStore } from "../engine/sample-store.js";
import { KeptOutcomes } from "./kept-outcomes.js";
import { publish } from "./publish.js";
import { Reference } from "./reference.js";
import { describeGaps } from "./report.js";
import { type Outcome, runSchedule } from "./run-schedule.js";
import { describeSchedule, drawSchedule, type Schedule } from "./schedule.js";
import { wiresHere } from "./wire/namespaces.js";

/**
 * `npm run faults -- [--schedules N] [--seed FIRST] [--at-once N] [--keep FILE] [--publish]`: plays the schedules of N seeds from FIRST on, and
 * says how long the client waited for batches. With --keep, outcomes are added to FILE, and the report is of all that are in it. Ends with 1
 * when a guarantee was broken.
 */
const { values } = parseArgs({
  options: {
    schedules: { type: "string", default: "1" },
    seed: { type: "string", default: "1" },
    "at-once": { type: "string", default: "1" },
    keep: { type: "string" },
    publish: { type: "boolean", default: false },
  },
});
const first = wholeNumber("seed", values.seed);
const end = first + wholeNumber("schedules", values.schedules);
const atOnce = wholeNumber("at-once", values["at-once"]);

function wholeNumber(flag: string, text: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`--${flag} is ${text}; it must be a whole number`);
  return Number(text);
}

async function play(schedule: Schedule, store: string, reference: Reference): Promise<Outcome> {
  try {
    return await runSchedule(schedule, store, reference);
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { schedule, broken: [`the laboratory itself failed: ${why}`], gaps: [], seconds: 0 };
  }
}

function tell({ schedule, broken, gaps, seconds }: Outcome): void {
  const waits = gaps.map(({ ms }) => Math.round(ms)).join(", ");
  const verdict = broken.length === 0 ? "ok" : "BROKEN";
  console.log(
    `seed ${schedule.seed} ${verdict} ${seconds.toFixed(1)} s, gaps ${waits} ms: ${describeSchedule(schedule)}`,
  );
  for (const line of broken) console.log(`  ${line}`);
  if (broken.length > 0) console.log(`  again: npm run faults -- --seed ${schedule.seed}`);
}

const folder = mkdtempSync(join(tmpdir(), "patchstream-fault-store-"));
const kept = new KeptOutcomes(values.keep);
try {
  const store = await makeSampleStore(folder);
  await using reference = await Reference.open(store);
  const wires = await wiresHere();
  if (!wires.includes("namespaces")) console.log("no network namespaces here: every schedule goes through a relay");
  let next = first;
  const work = async () => {
    while (next < end) {
      const outcome = await play(drawSchedule(next++, wires), store, reference);
      kept.add(outcome);
      tell(outcome);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const outcomes = kept.all;
const failed = outcomes.filter(({ broken }) => broken.length > 0).map(({ schedule }) => schedule.seed);
console.log(`\n${describeGaps(outcomes.flatMap(({ gaps }) => gaps))}\n`);
console.log(`${outcomes.length} schedules; guarantees broken in ${failed.length}: ${failed.join(", ") || "none"}`);
if (values.publish)
  await publish(
    outcomes,
    `npm run faults -- --schedules ${outcomes.length} --seed ${outcomes[0]?.schedule.seed} --at-once ${atOnce} --publish`,
  );
process.exitCode = failed.length > 0 ? 1 : 0;
