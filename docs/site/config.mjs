// The site's settings; `make.sh` puts this file where VitePress looks for it.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitepress";
import { SIDE_BAR } from "./side-bar.mjs";

const pages = new URL("../pages/", import.meta.url);
const base = process.env.DOCS_BASE ?? "/";
const file = (page) => (page === "README.md" ? "index.md" : page);

function titleOf(page) {
  const [, title] = /^# (.+)$/m.exec(readFileSync(new URL(file(page), pages), "utf8")) ?? [];
  if (title === undefined) throw new Error(`${page} has no title`);
  return page === "README.md" ? "Overview" : title.replaceAll("`", "");
}

/** A heading's anchor, as repository pages make it: links to headings hold in both places. */
function anchorOf(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
    .replaceAll(/\s/g, "-");
}

export default defineConfig({
  title: "patchstream",
  description: "Progressive patch-size curricula for 3D medical segmentation, streamed over gRPC",
  lang: "en",
  base,
  srcDir: "pages",
  outDir: fileURLToPath(new URL(`../html${base}`, import.meta.url)),
  // linkinator checks every link of the built pages, those into pages among them.
  ignoreDeadLinks: true,
  markdown: { anchor: { slugify: anchorOf } },
  themeConfig: {
    sidebar: SIDE_BAR.map(({ text, pages: listed, links = [] }) => ({
      text,
      collapsed: false,
      items: [...listed.map((page) => ({ text: titleOf(page), link: `/${file(page)}` })), ...links],
    })),
    outline: [2, 3],
    search: { provider: "local" },
    docFooter: { prev: "Before", next: "Next" },
  },
});
