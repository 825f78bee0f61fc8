import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = fileURLToPath(new URL("../../../", import.meta.url));

/** The pages that a reader copies code from, by their paths. */
export function documents(): string[] {
  const pages = readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" });
  const inDocs = pages.filter((name) => name.endsWith(".md")).map((name) => join("docs", name));
  return ["README.md", "CONTRIBUTING.md", "client/python/README.md", "examples/browser/README.md", ...inDocs];
}

/** A piece of code that a page shows. */
export interface CodeBlock {
  readonly page: string;
  /** As the page names it; "" where it does not. */
  readonly language: string;
  readonly code: string;
}

/** All blocks of a page, those in lists moved to the margin. */
export function codeBlocks(page: string): CodeBlock[] {
  const text = readFileSync(join(root, page), "utf8");
  return [...text.matchAll(/^( *)```(\w*)\n([\s\S]*?)^ *```$/gm)].map(([, indent = "", language = "", code = ""]) => ({
    page,
    language,
    code: code.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
  }));
}
