import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "ava";
import { callStream, callUnary } from "../../../rpc/index.js";
import {
  channelTo,
  collect,
  lastState,
  oneStageRun,
  resume,
  sampleStore,
  serving,
  start,
  temporaryFolder,
  trainerIn,
  watch,
} from "../processes.js";

interface Damage {
  readonly file: string;
  readonly reason: RegExp;
  /** Damages the training in `folder`. */
  do(folder: string): void;
}

const change = (file: string, edit: (text: string) => string) => (folder: string) =>
  writeFileSync(join(folder, file), edit(readFileSync(join(folder, file), "utf8")));

/** What a crash, a full disk, an older version or a hand may leave, by the id of the training that has it. */
const damages: Readonly<Record<string, Damage>> = {
  "a-run-cut": { file: "run.json", reason: /JSON/, do: (folder) => truncateSync(join(folder, "run.json"), 20) },
  "b-run-empty": { file: "run.json", reason: /JSON/, do: (folder) => truncateSync(join(folder, "run.json"), 0) },
  "c-run-missing": { file: "run.json", reason: /no such file/, do: (folder) => rmSync(join(folder, "run.json")) },
  "d-run-newer": {
    file: "run.json",
    reason: /training\.newField is not a known field/,
    do: change("run.json", (text) => text.replace('"training":{', '"training":{"newField":1,')),
  },
  "e-run-null": { file: "run.json", reason: /it has no data/, do: change("run.json", () => "null") },
  "f-events-zeros": {
    file: "events.jsonl",
    reason: /its last line does not parse/,
    do: (folder) => appendFileSync(join(folder, "events.jsonl"), "\0\0\0\0\n"),
  },
  "g-events-folder": {
    file: "events.jsonl",
    reason: /a folder has this name/,
    do(folder) {
      rmSync(join(folder, "events.jsonl"));
      mkdirSync(join(folder, "events.jsonl"));
    },
  },
  "h-decisions": {
    file: "timeline.jsonl",
    reason: /line 1 does not parse/,
    do: (folder) => writeFileSync(join(folder, "timeline.jsonl"), '{"stage":\n'),
  },
  "i-decision": {
    file: "timeline.jsonl",
    reason: /line 1 is no decision/,
    do: (folder) => writeFileSync(join(folder, "timeline.jsonl"), '{"stage":"1"}\n'),
  },
  "j-checkpoint-cut": {
    file: "checkpoint.safetensors",
    reason: /it has \d+ bytes where its header says \d+/,
    do: (folder) =>
      truncateSync(join(folder, "checkpoint.safetensors"), statSync(join(folder, "checkpoint.safetensors")).size - 1),
  },
  "k-checkpoint-empty": {
    file: "checkpoint.safetensors",
    reason: /its header is not whole/,
    do: (folder) => truncateSync(join(folder, "checkpoint.safetensors"), 0),
  },
};

/** One bit in the middle of a checkpoint's numbers: nothing but its checksum shows it. */
function flipBit(folder: string): void {
  const bytes = readFileSync(join(folder, "checkpoint.safetensors"));
  const at = bytes.length - 100;
  bytes[at] = (bytes[at] as number) ^ 4;
  writeFileSync(join(folder, "checkpoint.safetensors"), bytes);
}

test("damaged trainings are listed with file and reason, their calls answered in a line; all others go on", async (t) => {
  const { store, cases } = await sampleStore(t, 2);
  const data = await serving(t, "serve", store, "--workers", "1");
  const runs = temporaryFolder(t);
  const first = await trainerIn(t, runs);
  const stopped = await start(channelTo(t, first), data, oneStageRun(cases, { data: { stepsPerEpoch: 10 } }));
  const channelFirst = channelTo(t, first);
  for await (const event of watch(channelFirst, stopped)) if (event.kind === "checkpoint") break;
  await callUnary(channelFirst, "TrainerService", "stopTraining", { training: stopped });
  await first.end();

  const whole = join(runs, stopped);
  for (const [id, damage] of Object.entries(damages)) {
    cpSync(whole, join(runs, id), { recursive: true });
    damage.do(join(runs, id));
  }
  cpSync(whole, join(runs, "x-flipped"), { recursive: true });
  flipBit(join(runs, "x-flipped"));
  cpSync(whole, join(runs, "y-torn"), { recursive: true });
  appendFileSync(join(runs, "y-torn", "events.jsonl"), '{"kind":"step","ste');
  mkdirSync(join(runs, "z-somebody-elses"));
  writeFileSync(join(runs, "notes.txt"), "not a training either");

  const trainer = await trainerIn(t, runs);
  const channel = channelTo(t, trainer);
  const list = async () => (await callUnary(channel, "TrainerService", "listTrainings", {})).trainings;
  const listed = await list();
  const state = (id: string) => listed.find((one) => one.id === id)?.state;
  t.deepEqual(listed.map(({ id }) => id).sort(), [stopped, ...Object.keys(damages), "x-flipped", "y-torn"].sort());
  t.is(state(stopped), "TRAINING_STATE_STOPPED");
  t.is(state("y-torn"), "TRAINING_STATE_STOPPED", "an event that was being written is forgotten");

  for (const [id, { file, reason }] of Object.entries(damages)) {
    const damaged = listed.find((one) => one.id === id);
    t.is(damaged?.state, "TRAINING_STATE_DAMAGED", id);
    t.is(damaged?.damage?.file, join(runs, id, file), id);
    t.regex(damaged?.damage?.reason ?? "", reason, id);
    t.notRegex(damaged?.damage?.reason ?? "", /\n/, id);
    const refused = { code: "INPUT_DAMAGED", message: new RegExp(`^[^\\n]*${id}/${file}: [^\\n]*$`) };
    await t.throwsAsync(collect(watch(channel, id)), refused);
    await t.throwsAsync(resume(channel, id), refused);
    await t.throwsAsync(callUnary(channel, "TrainerService", "stopTraining", { training: id }), refused);
    await t.throwsAsync(callUnary(channel, "TrainerService", "setStage", { training: id, hold: false }), refused);
    const checkpoint = callStream(channel, "TrainerService", "getCheckpoint", { training: id });
    await t.throwsAsync(checkpoint.next(), refused);
  }

  const flipped = { code: "INPUT_DAMAGED", message: /x-flipped\/checkpoint\.safetensors: its SHA-256 does not match/ };
  await t.throwsAsync(resume(channel, "x-flipped"), flipped);
  t.is((await list()).find(({ id }) => id === "x-flipped")?.state, "TRAINING_STATE_DAMAGED");

  await resume(channel, "y-torn");
  await resume(channel, stopped);
  for (const id of ["y-torn", stopped])
    t.is(lastState(await collect(watch(channel, id)))?.state, "TRAINING_STATE_DONE", id);
});

test("a trainer reads no more of a training's events than their end when it starts, however many there are", async (t) => {
  const runs = temporaryFolder(t);
  const run = JSON.stringify({ data: ["localhost:1"], run: { data: { dataset: "D" } } });
  const done = `${JSON.stringify({ kind: "state", state: { state: "TRAINING_STATE_DONE", message: "" } })}\n`;
  for (let i = 0; i < 1000; i++) {
    const folder = join(runs, String(i).padStart(4, "0"));
    mkdirSync(folder);
    writeFileSync(join(folder, "run.json"), run);
    // As long as nobody could read it in time, or hold it; most of it is a hole in the file.
    writeFileSync(join(folder, "events.jsonl"), "");
    truncateSync(join(folder, "events.jsonl"), 2 ** 32);
    appendFileSync(join(folder, "events.jsonl"), `\n${done}`);
  }
  const trainer = await trainerIn(t, runs);
  const { trainings } = await callUnary(channelTo(t, trainer), "TrainerService", "listTrainings", {});
  t.is(trainings.length, 1000);
  t.true(trainings.every(({ state }) => state === "TRAINING_STATE_DONE"));
});
