import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "ava";
import { importUserModule } from "../../disk/user-module.js";
import { PatchstreamError, parseRunDocument } from "../../plan/index.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";

const WANTED = { exports: "open", want: "a module whose open() gives a number", page: "docs/how-to.md" };

for (const [what, thrown, said] of [
  ["an error", 'new Error("boom")', "boom"],
  ["text", '"boom"', "boom"],
  ["nothing", "undefined", "undefined"],
] as const)
  test(`a module that throws ${what} is named, when it is imported and when it is called`, async (t) => {
    const folder = temporaryFolder(t);
    const module = (name: string, code: string) => {
      writeFileSync(join(folder, name), code);
      return pathToFileURL(join(folder, name)).href;
    };
    const atOnce = module("at-once.mjs", `throw ${thrown};`);
    const facts = (file: string, reason: string) => ({ code: "INPUT_DAMAGED", file, reason, want: WANTED.want });
    const notImported = await t.throwsAsync(importUserModule(atOnce, WANTED), { instanceOf: PatchstreamError });
    t.like(notImported?.facts, facts(atOnce, `it cannot be imported: ${said}`));

    for (const kind of ["function", "async function"]) {
      const called = module(`${kind}.mjs`, `export ${kind} open() { throw ${thrown}; }`);
      const { open } = await importUserModule(called, WANTED);
      const failed = await t.throwsAsync(open(), { instanceOf: PatchstreamError });
      t.like(failed?.facts, facts(called, `open failed: ${said}`));
    }
  });

test("an error of ours that a module throws comes as it is", async (t) => {
  const file = join(temporaryFolder(t), "ours.mjs");
  writeFileSync(file, "export const open = (read) => read({ data: 1 });");
  const { open } = await importUserModule(pathToFileURL(file).href, WANTED);
  await t.throwsAsync(open(parseRunDocument), { code: "SPEC_INVALID" });
});
