import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { RenewedFiles } from "../../disk/renewed-files.js";

/** Files `a` and `b` that hold numbers, looked at by hand, and what was told of them. */
function follow(t: ExecutionContext) {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-renewed-"));
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  const [a, b] = [join(folder, "a"), join(folder, "b")];
  writeFileSync(a, "1");
  writeFileSync(b, "2");
  const told: string[] = [];
  const read = () => {
    const text = `${readFileSync(a)} ${readFileSync(b)}`;
    if (!/^\d+ \d+$/.test(text)) throw new Error(`no numbers: ${text}`);
    return text;
  };
  const files = new RenewedFiles<string>({
    files: [a, b],
    read,
    onRenewed: (value) => told.push(value),
    onRefused: (error) => told.push((error as Error).message),
  });
  return { a, b, told, files };
}

test("a change counts when it has stayed the same from one look to the next, however often files are written to before", async (t) => {
  const { a, b, told, files } = follow(t);
  t.is(files.value, "1 2");
  for (const [file, text] of [
    [a, "10"],
    [b, "20"],
    [a, "100"],
  ] as const) {
    writeFileSync(file, text);
    await files.look();
    t.is(files.value, "1 2");
  }
  await files.look();
  t.is(files.value, "100 20");
  await files.look();
  t.deepEqual(told, ["100 20"]);
});

test("what cannot be taken is told once and changes nothing; a file that is exchanged by its name is another one", async (t) => {
  const { a, told, files } = follow(t);
  for (const [change, known] of [
    [() => writeFileSync(a, "x"), "no numbers: x 2"],
    [() => rmSync(a), undefined],
  ] as const) {
    change();
    for (let look = 0; look < 4; look++) await files.look();
    t.is(files.value, "1 2");
    if (known !== undefined) t.is(told.at(-1), known);
  }
  t.is(told.length, 2);
  writeFileSync(`${a}.new`, "3");
  renameSync(`${a}.new`, a);
  for (let look = 0; look < 2; look++) await files.look();
  t.is(files.value, "3 2");
});
