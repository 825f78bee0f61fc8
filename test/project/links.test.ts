import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";

const root = fileURLToPath(new URL("../../../", import.meta.url));

function documents(): string[] {
  const inDocs = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(root, "docs", name));
  return [join(root, "README.md"), join(root, "CHANGELOG.md"), ...inDocs];
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
