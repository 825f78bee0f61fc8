import { execFile } from "node:child_process";
import { promisify } from "node:util";
import test from "ava";

test("memory that the system does not give is an error with code and hint, not a RangeError", async (t) => {
  const arenas = new URL("../../../loader/engine/memory/arenas.js", import.meta.url).href;
  const script = `
    const { reserveArenas } = await import(${JSON.stringify(arenas)});
    try { reserveArenas(2 ** 34, 2 ** 20); } catch ({ facts, hint }) { console.log(JSON.stringify({ facts, hint })); }`;
  // 20 GB of address space: node itself takes some, and two arenas of 4 GiB with their guard regions are more.
  const limited = ["-c", 'ulimit -v 20000000 && exec "$0" --input-type=module -e "$1"', process.execPath, script];
  const { stdout } = await promisify(execFile)("/bin/bash", limited);
  const { facts, hint } = JSON.parse(stdout);
  t.like(facts, { code: "SPEC_INVALID", got: `${2 ** 34 + 2 ** 20} bytes` });
  t.regex(hint, /--volume-budget/);
});
