import { readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where `npm run build` puts the page. */
const FOLDER = fileURLToPath(new URL("../page/", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** A file of the page. Its name changes with its bytes, unless it is one of the two that the document names. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Uint8Array;
}

/** The page's files by name. They are few, and no name of a request reaches the file system. */
export function readPageFiles(): ReadonlyMap<string, PageFile> {
  const names = readdirSync(FOLDER).filter((name) => Object.hasOwn(TYPES, extname(name)));
  return new Map(
    names.map((name) => [name, { type: TYPES[extname(name)] as string, bytes: readFileSync(join(FOLDER, name)) }]),
  );
}

export const DOCUMENT = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>patchstream</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/main.css">
<script type="module" src="/assets/main.js"></script>
</head>
<body><noscript>This page needs JavaScript.</noscript><div id="page"></div></body>
</html>
`;
