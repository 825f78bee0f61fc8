import { mkdirSync, writeFileSync } from "node:fs";
import { FOLDER, goldenDocuments } from "./documents.js";

// Run in the root of the project: `npm run golden:python`.
mkdirSync(FOLDER, { recursive: true });
for (const [name, text] of goldenDocuments()) writeFileSync(`${FOLDER}/${name}`, text);
