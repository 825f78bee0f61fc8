import test from "ava";
import { PatchstreamError } from "../../plan/errors.js";
import { printable } from "../../plan/printable.js";

test("what a terminal acts on is written out, all else stays", (t) => {
  t.is(printable("a\nb\r\tc\u001b[2J\u0085\u2028\u202e"), "a\\nb\\r\\tc\\u001b[2J\\u0085\\u2028\\u202e");
  const text = 'Größe 3.5 µm, \u4e2d\u6587, \\n "quoted"';
  t.is(printable(text), text);
});

test("the message of an error is one line, whatever a file is called", (t) => {
  const file = "a\nscan\u001b[31m.nii";
  const facts = { code: "INPUT_DAMAGED", file, reason: "it is empty", want: "a file" } as const;
  const error = new PatchstreamError(facts, "Remove\nit.");
  t.is(error.message, "a\\nscan\\u001b[31m.nii: it is empty; it must be a file. Remove\\nit.");
  t.is(error.facts, facts);
});
