// Fails where a page of the site would load anything from another host: scripts, styles, fonts, pictures.
// Usage: node docs/site/nothing-from-elsewhere.mjs FOLDER
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
const LOADED = [
  /<(?:script|img|iframe|source|video|audio)\b[^>]*\ssrc="((?:https?:)?\/\/[^"]+)"/g,
  /<link\b(?=[^>]*\brel="(?:stylesheet|preload|modulepreload|preconnect|icon)")[^>]*\shref="((?:https?:)?\/\/[^"]+)"/g,
  /(?:url\(|@import )["']?((?:https?:)?\/\/[^)"'\s]+)/g,
];

const found = readdirSync(folder, { recursive: true })
  .filter((name) => /\.(html|css)$/.test(name))
  .flatMap((name) => {
    const text = readFileSync(join(folder, name), "utf8");
    return LOADED.flatMap((pattern) => [...text.matchAll(pattern)].map(([, address]) => `${name} loads ${address}`));
  });
for (const line of found) console.error(line);
process.exitCode = found.length === 0 ? 0 : 1;
