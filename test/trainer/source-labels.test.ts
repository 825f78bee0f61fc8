import { cpSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import test from "ava";
import { ingest } from "../../loader/index.js";
import type { TrainingSummary } from "../../trainer/index.js";
import { patchstreamHere } from "../cli/command.js";
import { copySample, holdOutLast, oneStageRun, serving, temporaryFolder, trainerIn } from "./processes.js";

/** The sample's labels are uint8 or float32, behind a header of this many bytes. */
const HEADER_BYTES = 352;
const IS_UINT8 = 2;

/** Calls the label 2 of a data set of the sample's cases 5. */
function callTwoFive(raw: string): void {
  for (const file of readdirSync(join(raw, "labelsTr"))) {
    const bytes = gunzipSync(readFileSync(join(raw, "labelsTr", file)));
    const voxels = bytes.subarray(HEADER_BYTES);
    if (bytes.readInt16LE(70) === IS_UINT8)
      for (const [at, value] of voxels.entries()) voxels[at] = value === 2 ? 5 : value;
    else for (let at = 0; at < voxels.length; at += 4) if (voxels.readFloatLE(at) === 2) voxels.writeFloatLE(5, at);
    writeFileSync(join(raw, "labelsTr", file), gzipSync(bytes));
  }
  const json = JSON.parse(readFileSync(join(raw, "dataset.json"), "utf8"));
  writeFileSync(join(raw, "dataset.json"), JSON.stringify({ ...json, labels: { ...json.labels, Posterior: 5 } }));
}

test("a training on labels 0, 1, 5 goes as one on 0, 1, 2, and its summary and run folder call the classes 1 and 5", async (t) => {
  t.timeout(120_000);
  const folder = temporaryFolder(t);
  const [plain, gaps] = [join(folder, "plain"), join(folder, "gaps")];
  const cases = copySample(plain, 3);
  cpSync(plain, gaps, { recursive: true });
  callTwoFive(gaps);
  const runs = join(folder, "runs");
  const trainer = await trainerIn(t, runs);
  const run = join(folder, "run.json");
  const data = { ...holdOutLast(cases), stepsPerEpoch: 8 };
  writeFileSync(run, JSON.stringify(oneStageRun(cases, { data, training: { learningRate: 0.1 } })));

  const trained = async (raw: string): Promise<TrainingSummary & { readonly events: string }> => {
    const store = `${raw}-store`;
    await ingest(raw, store, { workers: 1, name: "Task04_Hippocampus" });
    const server = await serving(t, "serve", store, "--workers", "1");
    const before = new Set(readdirSync(runs));
    const { stdout } = await patchstreamHere(
      ...["train", "--run", run, "--data", server.address, "--trainer", trainer.address, "--json"],
    );
    const { summary } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as { summary: TrainingSummary };
    const training = readdirSync(runs).find((name) => !before.has(name)) ?? "";
    return { ...summary, events: readFileSync(join(runs, training, "events.jsonl"), "utf8") };
  };
  const [one, other] = [await trained(plain), await trained(gaps)];
  t.true((one.meanDice ?? 0) > 0, "the network finds something");
  t.is(one.meanDice, other.meanDice);
  const named = (summary: TrainingSummary) => summary.classes.map((of) => [of.class, of.name]);
  t.deepEqual(named(one), [
    [1, "Anterior"],
    [2, "Posterior"],
  ]);
  t.deepEqual(named(other), [
    [1, "Anterior"],
    [5, "Posterior"],
  ]);
  const dice = ({ classes, cases }: TrainingSummary) =>
    [classes, ...cases.map((of) => of.classes)].map((of) => of.map((each) => each.dice));
  t.deepEqual(dice(other), dice(one));
  t.deepEqual(
    other.cases.map((of) => of.classes.map((each) => each.class)),
    [[1, 5]],
  );
  t.regex(other.events, /"class":5,"name":"Posterior"/);
  t.notRegex(other.events, /"class":2/);
});
