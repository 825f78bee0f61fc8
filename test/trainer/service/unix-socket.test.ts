import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { patchstreamHere } from "../../cli/command.js";
import { oneStageRun, sampleStore, serving, temporaryFolder, trainerIn } from "../processes.js";

test("a training runs with trainer and data server on Unix sockets, which are gone when both have ended", async (t) => {
  const { store, cases } = await sampleStore(t, 2);
  const folder = temporaryFolder(t);
  const [dataAt, trainerAt] = [`unix:${join(folder, "data.sock")}`, `unix:${join(folder, "trainer.sock")}`];
  const data = await serving(t, "serve", store, "--workers", "1", "--listen", dataAt);
  const trainer = await trainerIn(t, join(folder, "runs"), "--listen", trainerAt, "--data-servers", dataAt);
  t.deepEqual([data.address, trainer.address], [dataAt, trainerAt]);
  const run = join(folder, "run.json");
  writeFileSync(run, JSON.stringify(oneStageRun(cases)));
  await patchstreamHere("train", "--data", dataAt, "--trainer", trainerAt, "--run", run);
  const { stdout } = await patchstreamHere("trainings", "--trainer", trainerAt, "--json");
  t.regex(stdout, /"state":"done"/);
  for (const [server, address] of [
    [trainer, trainerAt],
    [data, dataAt],
  ] as const) {
    await server.end();
    const refused = await patchstreamHere("trainings", "--trainer", address);
    t.regex(refused.stderr, /there is no such socket/);
  }
});
