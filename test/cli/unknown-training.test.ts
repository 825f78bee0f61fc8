import test from "ava";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { spawnService } from "../service-process.js";
import { patchstreamHere } from "./command.js";

test("a training that the trainer does not know is one line, and its id is not printed as if it were one", async (t) => {
  const runs = temporaryFolder(t);
  const { address } = await spawnService(t, "trainer", "--runs", runs, "--threads", "1", "--engine", "onnx");
  for (const args of [
    ["train", "--watch", "nope"],
    ["train", "--watch", "nope", "--json"],
    ["train", "--resume", "nope"],
    ["stage", "nope", "--advance"],
    ["trainings", "--stop", "nope"],
  ])
    t.deepEqual(await patchstreamHere(...args, "--trainer", address), {
      code: 1,
      stdout: "",
      stderr: 'patchstream: no training "nope". This trainer has none.\n',
    });
});
