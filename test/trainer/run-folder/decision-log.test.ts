import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { PatchstreamError } from "../../../plan/index.js";
import { DecisionLog } from "../../../trainer/run-folder/decision-log.js";

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), "patchstream-timeline-"));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

const first = { stage: 1, fromStep: 5, reason: "manual", hold: false, text: "by hand" };
const second = { stage: 2, fromStep: 9, reason: "plateau", hold: true, text: "no rise" };

test("decisions are read back in order; a line cut off by the end of the process is forgotten", (t) => {
  const runs = folder(t);
  new DecisionLog(runs).append([first]);
  appendFileSync(join(runs, "timeline.jsonl"), JSON.stringify(second).slice(0, 9));
  const reopened = new DecisionLog(runs);
  t.deepEqual(reopened.decisions, [first]);
  reopened.append([second]);
  t.deepEqual(new DecisionLog(runs).decisions, [first, second]);
  t.is(readFileSync(join(runs, "timeline.jsonl"), "utf8").split("\n").length, 3);
});

test("a damaged line is named", (t) => {
  const runs = folder(t);
  writeFileSync(join(runs, "timeline.jsonl"), '{"stage":1,"fromStep":5,"reason":"scheduled"}\n{"sta\n');
  const error = t.throws(() => new DecisionLog(runs), { instanceOf: PatchstreamError });
  t.regex(error.message, /timeline\.jsonl: line 2 does not parse/);
  writeFileSync(join(runs, "timeline.jsonl"), '{"stage":1,"fromStep":-5,"reason":"scheduled"}\n');
  t.regex(t.throws(() => new DecisionLog(runs))?.message ?? "", /timeline\.jsonl: line 1 is no decision/);
});
