import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { patchstreamHere } from "./command.js";

for (const [command, ...more] of [["study"], ["predict", ".", "--out", "labels"], ["evaluate", "."]] as const)
  test(`${command}: a path below a file is said in one line`, async (t) => {
    const file = join(temporaryFolder(t), "file");
    writeFileSync(file, "text");
    const { code, stderr } = await patchstreamHere(command, join(file, "below"), ...more);
    t.is(code, 1);
    t.regex(stderr, /^patchstream: .*\/below: there is no such file: a part of its path is a file.*it must be .*\n$/);
  });

const NETWORK = ["--patch-size", "16,16,16", "--batch-size", "2", "--pooling", "1,1,1"];

for (const [what, said, ...args] of [
  ["too many to count", /--gpus.*at most \d+/, "size", "--gpus", "99999999999999999999", "--step-ms", "1", ...NETWORK],
  ["an endless step", /--step-ms.*a number above 0/, "size", "--gpus", "1", "--step-ms", "1e400", ...NETWORK],
  ["a report that is not to be written", /--dry-run/, "study", "study", "--report", "--dry-run"],
] as const)
  test(`${what} is wrong use`, async (t) => {
    const { code, stderr } = await patchstreamHere(...args);
    t.is(code, 2);
    t.regex(stderr, said);
    t.is(stderr.trimEnd().split("\n").length, 1);
  });
