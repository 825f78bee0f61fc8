import { readFileSync } from "node:fs";
import test from "ava";
import { FOLDER, goldenDocuments } from "../golden/python/documents.js";

const MOST_BYTES = 200 * 1024;

test("the Python package's golden files are what this plan gives; npm run golden:python writes them", (t) => {
  const documents = goldenDocuments();
  for (const [name, text] of documents) {
    const file = new URL(`../../../${FOLDER}/${name}`, import.meta.url);
    t.true(readFileSync(file, "utf8") === text, `${name} is out of date: run npm run golden:python`);
  }
  t.true([...documents.values()].join("").length < MOST_BYTES);
});
