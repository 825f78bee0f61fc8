import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import test from "ava";
import type { ErrorCode } from "../../plan/errors.js";
import { PACKAGE, schema } from "../../proto/index.js";
import { RETRY_OF, STATUS_OF } from "../../rpc/status.js";

const page = (name: string) => readFileSync(new URL(`../../../docs/reference/${name}`, import.meta.url), "utf8");

test("every rule of the protocol page names tests that there are", (t) => {
  const folder = new URL("../../../test/", import.meta.url);
  const all = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const files = all.filter((name) => name.endsWith(".test.ts") && name !== join("conformance", "pages.test.ts"));
  const tests = files.map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
  const rules = page("protocol.md")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (rule|limit|-|`max_)/.test(line));
  t.true(rules.length > 30);
  for (const rule of rules) {
    const names = [...(rule.split(/ +\| /).at(-1) ?? "").matchAll(/`([^`]+)`/g)].map(([, name]) => name as string);
    t.true(names.length > 0, rule);
    for (const name of names) t.true(tests.includes(name), `no test is named "${name}"`);
  }
});

test("the protocol page lists every limit, with the retry that its code then has", (t) => {
  const rows = [...page("protocol.md").matchAll(/^\| `(max_\w+)` +\| `?([A-Z_]+|none)`? +\| (\w+)/gm)];
  const listed = rows.map(([, limit, code, retry]) => [limit, code, retry]);
  const names = schema()
    .lookupType(`${PACKAGE}.Limits`)
    .fieldsArray.map(({ name }) => name);
  t.deepEqual(
    listed.map(([limit]) => limit?.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())).toSorted(),
    names.toSorted(),
  );
  for (const [limit, code, retry] of listed)
    if (code !== "none") t.is(`RETRY_${retry?.toUpperCase()}`, RETRY_OF[code as ErrorCode], limit);
});

test("the errors page lists every code with its status and whether another attempt can help", (t) => {
  const rows = page("errors.md").matchAll(/^\| `(\w+)` +\| (\w+) +\| (\w+) +\|/gm);
  const listed = [...rows].map(([, code, name, retry]) => [code, name, retry]);
  const expected = Object.entries(STATUS_OF).map(([code, value]) => [
    code,
    status[value],
    RETRY_OF[code as ErrorCode].replace("RETRY_", "").toLowerCase(),
  ]);
  t.deepEqual(listed.toSorted(), expected.toSorted());
  for (const code of Object.keys(STATUS_OF))
    t.regex(
      page("errors.md"),
      new RegExp(`^\\| \`${code}\` .*<a id="${code.toLowerCase()}"></a>`, "m"),
      "where it can be linked to",
    );
});
