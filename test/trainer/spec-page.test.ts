import { readFileSync } from "node:fs";
import test from "ava";
import type { PatchstreamError } from "../../plan/errors.js";
import { parseRunSpec } from "../../trainer/spec.js";

test("every example of the spec's reference page is a valid run spec", (t) => {
  const page = readFileSync(new URL("../../../docs/reference/spec.md", import.meta.url), "utf8");
  const examples = [...page.matchAll(/```json\n(.*?)```/gs)].map(([, text]) => text ?? "");
  t.true(examples.length > 0);
  for (const example of examples) t.notThrows(() => parseRunSpec(JSON.parse(example)), example);
});

const NOT_A_FIELD = "0".repeat(64);

/** The fields that the parser knows beside `NOT_A_FIELD`, which `spec` has somewhere: its hint lists them. */
function knownBeside(spec: object): string[] {
  try {
    parseRunSpec(spec);
  } catch (error) {
    const [, known = ""] = /Known: (.*)\.$/.exec((error as PatchstreamError).hint ?? "") ?? [];
    return known.split(", ");
  }
  return [];
}

test("the spec's reference page has every field that the parser knows, and no other", (t) => {
  const page = readFileSync(new URL("../../../docs/reference/spec.md", import.meta.url), "utf8");
  /** The names in the first column of the first table below a heading. */
  const listed = (heading: string) => {
    const [, section = ""] = page.split(new RegExp(`^#+ ${heading}$`, "m"));
    const table = section.slice(section.indexOf("\n|")).split(/\n\n/)[0] ?? "";
    const cells = [...table.matchAll(/^\| (`[^|]*) \|/gm)].map(([, cell = ""]) => cell);
    return cells.flatMap((cell) =>
      [...cell.replace(/\(.*?\)/g, "").matchAll(/`([\w.]+)`/g)].map(([, name = ""]) => name.split(".")[0] ?? ""),
    );
  };
  const odd = { [NOT_A_FIELD]: 1 };
  const dataset = "any";
  for (const [heading, spec] of [
    ["data", { data: { dataset, ...odd } }],
    ["split", { data: { dataset, split: odd } }],
    ["plan", { data: { dataset, plan: odd } }],
    ["stages", { data: { dataset, stages: [odd] } }],
    ["training", { data: { dataset }, training: odd }],
  ] as const) {
    const known = knownBeside(spec);
    t.true(known.length > 3, heading);
    t.deepEqual([...new Set(listed(heading))].toSorted(), known.toSorted(), heading);
  }
});
