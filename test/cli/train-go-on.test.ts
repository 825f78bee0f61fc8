import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { callUnary } from "../../rpc/index.js";
import {
  channelTo,
  sampleStore,
  serving,
  start,
  temporaryFolder,
  tinyRun,
  trainerIn,
  watch,
} from "../trainer/processes.js";
import { patchstream } from "./command.js";

test("a command that is given again goes on with its training, and shows it once it is done", async (t) => {
  const { store, cases } = await sampleStore(t, 2);
  const [folder, runs] = [temporaryFolder(t), temporaryFolder(t)];
  const [run, file] = [join(folder, "run.json"), join(folder, "training")];
  const document = tinyRun(cases, { data: { mode: "constant" } });
  writeFileSync(run, JSON.stringify(document));
  const data = await serving(t, "serve", store, "--workers", "1");
  const trainer = await trainerIn(t, runs);
  const flags = ["--trainer", trainer.address, "--data", data.address, "--run", run, "--go-on", file, "--json"];
  const train = () => patchstream("train", ...flags);
  const trainings = () => readdirSync(runs).filter((name) => !name.startsWith("."));
  const stepsIn = (stdout: string) => stdout.match(/"kind":"step"/g)?.length;

  const first = await train();
  t.is(first.code, 0, first.stderr);
  t.is(stepsIn(first.stdout), 32);
  const training = readFileSync(file, "utf8").trim();
  t.deepEqual(trainings(), [training]);
  const again = await train();
  t.is(again.code, 0, again.stderr);
  t.is(stepsIn(again.stdout), 32);
  t.deepEqual(trainings(), [training], "nothing is trained twice");

  const channel = channelTo(t, trainer);
  const stopped = await start(channel, data, document);
  for await (const event of watch(channel, stopped)) if (event.kind === "checkpoint") break;
  await callUnary(channel, "TrainerService", "stopTraining", { training: stopped });
  writeFileSync(file, `${stopped}\n`);
  const resumed = await train();
  t.is(resumed.code, 0, resumed.stderr);
  t.is(stepsIn(resumed.stdout), 32, "each step once");

  writeFileSync(file, "nope\n");
  t.deepEqual(await train(), {
    code: 1,
    stdout: "",
    stderr: `patchstream: no training "nope". ${file} names it; remove that file to start another one.\n`,
  });
  const alone = await patchstream("train", "--trainer", trainer.address, "--watch", training, "--go-on", file);
  t.like(alone, { code: 2, stderr: "error: --go-on needs --run\n" });
});
