// Lays out the pages of the site as they lie in the repository, so that their links to each other hold: the same files, not written
// twice. What a page links to and is no page (tables, scripts, the report of a study) comes along as it is.
// Usage: node docs/site/stage-pages.mjs FOLDER
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { GENERATED, pagesOf, SIDE_BAR } from "./side-bar.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const into = resolve(process.argv[2] ?? "out/site/pages");
const HOME = "README.md";

/** Copies what is no page to where the site serves it unchanged. */
function keepFile(path) {
  const target = join(into, "public", path);
  mkdirSync(dirname(target), { recursive: true });
  cpSync(join(root, path), target);
}

/** A link as the site has it; links to files that are no pages leave the site's own navigation. */
function siteLink(whole, link, page) {
  const [path, anchor] = link.split("#");
  if (path === "" || /^[a-z]+:/.test(path)) return whole;
  const target = relative(root, resolve(root, dirname(page), path));
  if (target === HOME) return whole.replace(link, relative(dirname(page), "index.md") + (anchor ? `#${anchor}` : ""));
  if (path.endsWith(".md")) {
    if (!listed.includes(target)) stagePage(target);
    return whole;
  }
  if (!existsSync(join(root, target)) || statSync(join(root, target)).isDirectory())
    throw new Error(`${page} links to ${link}, which is no file`);
  if (whole.startsWith("!")) return whole;
  keepFile(target);
  return `${whole}{target="_self"}`;
}

const listed = pagesOf(SIDE_BAR);
const inDocs = readdirSync(join(root, "docs"), { recursive: true }).filter((name) => name.endsWith(".md"));
const missing = inDocs.map((name) => join("docs", name)).filter((page) => !listed.includes(page));
if (missing.length > 0) throw new Error(`docs/site/side-bar.mjs does not list ${missing.join(", ")}`);

/** Writes a page with its links as the site has them; one that is only linked to is not in the side bar. */
function stagePage(page) {
  const target = join(into, page === HOME ? "index.md" : page);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, "");
  const text = readFileSync(join(root, page), "utf8").replaceAll(
    /```[\s\S]*?```|`[^`\n]*`|!?\[[^\]]*\]\(([^)\s]+)\)/g,
    (whole, link) => (link === undefined ? whole : siteLink(whole, link, page)),
  );
  writeFileSync(target, text);
}

for (const page of listed) if (!GENERATED.includes(page)) stagePage(page);
for (const name of ["data", "trainer"]) keepFile(`proto/patchstream/v1/${name}.proto`);
cpSync(join(root, "docs/pictures"), join(into, "docs/pictures"), { recursive: true });
cpSync(join(root, "docs/study/figures"), join(into, "docs/study/figures"), { recursive: true });
