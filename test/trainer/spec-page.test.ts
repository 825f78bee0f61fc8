import { readFileSync } from "node:fs";
import test from "ava";
import { parseRunSpec } from "../../trainer/spec.js";

test("every example of the spec's reference page is a valid run spec", (t) => {
  const page = readFileSync(new URL("../../../docs/reference/spec.md", import.meta.url), "utf8");
  const examples = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text]) => text ?? "");
  t.true(examples.length > 0);
  for (const example of examples) t.notThrows(() => parseRunSpec(JSON.parse(example)), example);
});
