import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { readJsonLines, readLastJsonLine } from "../../../trainer/run-folder/json-lines.js";

test("what does not fit on the disk is not in the file at all, and what fits later is", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-lines-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "lines.jsonl");
  const script = `
    import { appendJsonLines } from ${JSON.stringify(new URL("../../../trainer/run-folder/json-lines.js", import.meta.url).href)};
    const append = (name, length) => appendJsonLines(process.argv[1], [{ name, text: "x".repeat(length) }], { durable: true });
    append("first", 300_000);
    try { append("too long", 300_000); } catch (error) { process.stderr.write(error.code); }
    append("last", 10);`;
  // No file may grow beyond 512 KiB: the second entry fails half-way, as on a full disk.
  const limited = 'trap "" XFSZ; ulimit -f 512; exec "$0" --input-type=module -e "$1" "$2"';
  const child = spawnSync("bash", ["-c", limited, process.execPath, script, file], { encoding: "utf8" });
  t.is(child.stderr, "WRITE_FAILED");
  t.deepEqual(
    readJsonLines<{ name: string }>(file).map(({ name }) => name),
    ["first", "last"],
  );
  t.is(readLastJsonLine<{ name: string }>(file)?.name, "last");
});
