import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import test from "ava";
import { codeBlocks, documents, root } from "./documents.js";

const OPTIONS = {
  target: "ES2022",
  lib: ["ES2023", "ESNext.Disposable"],
  module: "NodeNext",
  strict: true,
  noUncheckedIndexedAccess: true,
  noEmit: true,
  skipLibCheck: true,
  types: ["node"],
};

test("the TypeScript of readme and pages compiles against the package's doors", (t) => {
  const folder = mkdtempSync(join(root, "dist", "examples-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const blocks = documents()
    .flatMap(codeBlocks)
    .filter(({ language }) => language === "ts")
    .map(({ page, code }, index) => ({ file: `${basename(page, ".md")}-${index}.ts`, code }));
  t.true(blocks.length > 0);
  for (const { file, code } of blocks) writeFileSync(join(folder, file), `${code}\nexport {};\n`);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: OPTIONS, include: ["*.ts"] }));
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", folder], { encoding: "utf8" });
  t.is(status, 0, stdout);
});

test("the pages on extending it show the examples that the tests run, each of less than 30 lines", (t) => {
  const pages = documents().filter((page) => basename(page).startsWith("extend-the-"));
  t.is(pages.length, 5);
  for (const page of pages) {
    const text = readFileSync(join(root, page), "utf8");
    const [, name = ""] = /`(examples\/extend\/[\w-]+\.mjs)`/.exec(text) ?? [];
    const shown = codeBlocks(page).find(({ language }) => language === "js")?.code;
    const code = readFileSync(join(root, name), "utf8").replace(/^(\/\/.*\n)+/, "");
    t.is(shown, code, `${page} shows ${name}`);
    t.true(code.split("\n").filter((line) => line.trim() !== "").length < 30, name);
  }
});
