import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = fileURLToPath(new URL("../../../", import.meta.url));

function documents(): string[] {
  const inDocs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(root, "docs", name));
  const atTheTop = readdirSync(root).filter((name) => name.endsWith(".md"));
  return [...atTheTop.map((name) => join(root, name)), ...inDocs];
}

test("every relative link and picture in the documents leads somewhere", (t) => {
  for (const file of documents()) {
    const text = readFileSync(file, "utf8").replaceAll(/```[\s\S]*?```/g, "");
    for (const [, link] of text.matchAll(/\]\(([^)#\s]+)[^)]*\)/g)) {
      if (link === undefined || /^[a-z]+:/.test(link)) continue;
      t.true(existsSync(resolve(dirname(file), link)), `${relative(root, file)} links to ${link}`);
    }
  }
});

test("every path that the pages for people who work on it name is there", (t) => {
  for (const page of ["ARCHITECTURE.md", "CONTRIBUTING.md"]) {
    const named = [...readFileSync(join(root, page), "utf8").matchAll(/`([a-z][\w-]*\/[\w./*-]*)`/g)];
    t.true(named.length > 5, page);
    for (const [, path = ""] of named)
      if (!/[*]|NAME/.test(path)) t.true(existsSync(join(root, path)), `${page} names ${path}`);
  }
});

test("what the readme links to is in the package", (t) => {
  const { files } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { files: string[] };
  const packed = (path: string) => files.some((entry) => path === entry || path.startsWith(`${entry}/`));
  for (const [, link = ""] of readFileSync(join(root, "README.md"), "utf8").matchAll(/\]\(([^)#\s]+)[^)]*\)/g))
    if (!/^[a-z]+:/.test(link)) t.true(packed(link), link);
});

test("the side bar of the docs site lists every page of docs", (t) => {
  const order = readFileSync(join(root, "docs/site/side-bar.mjs"), "utf8");
  const folders = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  const pages = folders.filter((name) => /^(tutorial|how-to|reference|explanation|decisions)\/.*\.md$/.test(name));
  for (const page of pages)
    t.true(order.includes(`"${page.replace(/^.*\/|\.md$/g, "")}"`), `docs/site/side-bar.mjs: ${page}`);
});
