import { spawnSync } from "node:child_process";
import {
  closeSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "ava";
import { makeFolder, replaceFile, replaceFileFrom, replaceFiles, writeNewFile } from "../../disk/write-file.js";
import { PatchstreamError } from "../../plan/errors.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function* breaking(): Generator<Uint8Array> {
  yield Buffer.from("half of ");
  throw new Error("the rest cannot be made");
}

test("files and the folders above them are for their owner alone, whatever the process would allow", (t) => {
  const allow = process.umask(0);
  t.teardown(() => process.umask(allow));
  const folder = temporaryFolder(t);
  makeFolder(join(folder, "a/b"));
  writeNewFile(join(folder, "c/d/file"), "text");
  replaceFile(join(folder, "e/f/file"), [Buffer.from("bytes")]);
  for (const path of ["a", "a/b", "c", "c/d", "e", "e/f"]) t.is(modeOf(join(folder, path)), "700", path);
  for (const path of ["c/d/file", "e/f/file"]) t.is(modeOf(join(folder, path)), "600", path);
});

test("a file that others may read is for its owner alone once it is replaced", (t) => {
  const file = join(temporaryFolder(t), "file");
  writeFileSync(file, "old", { mode: 0o644 });
  replaceFile(file, "new");
  t.is(readFileSync(file, "utf8"), "new");
  t.is(modeOf(file), "600");
});

test("what is a pipe, as /dev/null is a device, is not replaced by a file", async (t) => {
  const folder = temporaryFolder(t);
  const pipe = join(folder, "pipe");
  spawnSync("mkfifo", [pipe]);
  const refused = { code: "WRITE_FAILED", message: /a device, a pipe or a socket, not a file/ };
  t.throws(() => replaceFile(pipe, "text"), refused);
  const bytes = (async function* () {
    yield Buffer.from("text");
  })();
  await t.throwsAsync(
    replaceFileFrom(pipe, bytes, async () => {}),
    refused,
  );
  t.true(statSync(pipe).isFIFO());
  t.deepEqual(readdirSync(folder), ["pipe"]);
});

test("a link to what a process has open, as /dev/stdout, is not replaced by a file", (t) => {
  const folder = temporaryFolder(t);
  const [file, link] = [join(folder, "file"), join(folder, "link")];
  const open = openSync(file, "w");
  t.teardown(() => closeSync(open));
  symlinkSync(`/proc/self/fd/${open}`, link);
  t.throws(() => replaceFile(link, "text"), { code: "WRITE_FAILED" });
  t.true(lstatSync(link).isSymbolicLink());
});

test("a new file that cannot be written whole is not there", (t) => {
  const folder = temporaryFolder(t);
  t.throws(() => writeNewFile(join(folder, "file"), breaking()), { message: "the rest cannot be made" });
  t.deepEqual(readdirSync(folder), []);
});

test("a new file does not replace one that is there, and says so", (t) => {
  const file = join(temporaryFolder(t), "file");
  writeFileSync(file, "old");
  const error = t.throws(() => writeNewFile(file, "new"), { instanceOf: PatchstreamError });
  t.like(error?.facts, { code: "WRITE_FAILED", file });
  t.is(readFileSync(file, "utf8"), "old");
});

test("of several files none is replaced when one cannot be written, and nothing else is left", (t) => {
  const folder = temporaryFolder(t);
  const files = ["one", "two"].map((name) => join(folder, name));
  for (const file of files) writeFileSync(file, "old");
  const [one, two] = files as [string, string];
  t.throws(
    () =>
      replaceFiles([
        [one, "new"],
        [two, breaking()],
      ]),
    { message: "the rest cannot be made" },
  );
  t.deepEqual(readdirSync(folder).sort(), ["one", "two"]);
  for (const file of files) t.is(readFileSync(file, "utf8"), "old");
});

test("a place that cannot be written to is WRITE_FAILED naming the file, and nothing is left", (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, "taken"));
  writeFileSync(join(folder, "file"), "old");
  for (const name of ["taken", "file/below"]) {
    const error = t.throws(() => replaceFile(join(folder, name), "new"), { instanceOf: PatchstreamError });
    t.like(error?.facts, { code: "WRITE_FAILED", file: join(folder, name) });
  }
  t.deepEqual(readdirSync(folder).sort(), ["file", "taken"]);
  t.is(readFileSync(join(folder, "file"), "utf8"), "old");
});

test("what an interrupted process left under the temporary name does not stand in the way", (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, "file");
  writeFileSync(join(folder, `.unfinished-${process.pid}-file`), "half");
  replaceFile(file, "new");
  t.deepEqual(readdirSync(folder), ["file"]);
  t.is(readFileSync(file, "utf8"), "new");
});

test("a folder that the system does not let anybody make is an error, not an endless wait", (t) => {
  if (process.platform !== "linux") return t.pass();
  for (const write of [
    () => makeFolder("/proc/patchstream/runs"),
    () => writeNewFile("/proc/patchstream/file", "text"),
  ])
    t.is(t.throws(write, { instanceOf: PatchstreamError })?.code, "WRITE_FAILED");
});

const onLinux = process.platform === "linux" ? test : test.skip;

onLinux("where the file system takes no folder, that is said, and of which one", (t) => {
  const reasonOf = (write: () => void) => {
    const { facts } = t.throws(write, { instanceOf: PatchstreamError }) as PatchstreamError;
    return facts.code === "WRITE_FAILED" ? `${facts.file}: ${facts.reason}` : facts.code;
  };
  t.is(
    reasonOf(() => makeFolder("/proc/new")),
    "/proc/new: no folder can be made there",
  );
  t.is(
    reasonOf(() => replaceFile("/proc/new/below/file", "text")),
    "/proc/new/below/file: no folder can be made at /proc/new",
  );
});
