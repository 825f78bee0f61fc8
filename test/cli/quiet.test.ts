import { join } from "node:path";
import test from "ava";
import { openStore, verifyStore } from "../../loader/index.js";
import { copySample, temporaryFolder } from "../trainer/processes.js";
import { patchstream, patchstreamHere } from "./command.js";

test("with --quiet there is no progress, with the same answer; failures are said all the same", async (t) => {
  const folder = temporaryFolder(t);
  copySample(join(folder, "Task04_Hippocampus"), 2);
  const raw = join(folder, "Task04_Hippocampus");
  const loud = await patchstreamHere("ingest", raw, join(folder, "loud"), "--workers", "1");
  t.regex(loud.stderr, /^measured 1\/2 hippocampus_\d+\n/);
  const quiet = await patchstream("ingest", raw, join(folder, "quiet"), "--workers", "1", "--quiet");
  t.is(quiet.stderr, "");
  t.is(quiet.stdout, loud.stdout.replace(join(folder, "loud"), join(folder, "quiet")));
  const refused = await patchstreamHere("inspect", join(folder, "nowhere"), "--quiet");
  t.is(refused.code, 1);
  t.regex(refused.stderr, /nowhere/);
  const verified = await patchstreamHere("inspect", join(folder, "quiet"), "--verify", "--quiet");
  t.is(verified.code, 0);
  t.regex(verified.stdout, /verified\n$/);

  // What a bar of it shows: each case before it is read, and all at the end.
  await using store = await openStore(join(folder, "quiet"));
  const told: string[] = [];
  await verifyStore(store, undefined, (done, total) => told.push(`${done}/${total}`));
  t.deepEqual(told, ["0/2", "1/2", "2/2"]);
});
