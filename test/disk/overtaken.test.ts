import fs, { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { lockFolder } from "../../disk/process-lock.js";
import { PatchstreamError } from "../../plan/errors.js";

const OPTIONS = { name: ".lock", doing: "has it", hint: "Wait" };

test.serial("a starter that others overtake between its look at the folder and its link does not get the lock", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-lock-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const { linkSync } = fs;
  const setLink = (link: typeof linkSync) => {
    fs.linkSync = link;
    syncBuiltinESMExports();
  };
  t.teardown(() => setLink(linkSync));
  let winner: Disposable | undefined;
  setLink((from, to) => {
    // another process takes the lock and gives it back, and a third one takes it: the first number is free again
    setLink(linkSync);
    lockFolder(folder, OPTIONS)[Symbol.dispose]();
    winner = lockFolder(folder, OPTIONS);
    linkSync(from, to);
  });
  const error = t.throws(() => lockFolder(folder, OPTIONS), { instanceOf: PatchstreamError });
  t.is(error?.code, "UNAVAILABLE");
  t.deepEqual(readdirSync(folder), [".lock.2"]);
  winner?.[Symbol.dispose]();
  lockFolder(folder, OPTIONS)[Symbol.dispose]();
});
