import { readFileSync } from "node:fs";
import test from "ava";
import { type ErrorCode, type ErrorFacts, PatchstreamError, USUAL_HINTS } from "../../plan/errors.js";

/** One failure of each code; a new code does not compile before it is here. */
const EXAMPLES: { readonly [Code in ErrorCode]: Extract<ErrorFacts, { code: Code }> } = {
  SPEC_INVALID: { code: "SPEC_INVALID", field: "seed", got: -1, want: "0 or more" },
  REQUEST_INVALID: { code: "REQUEST_INVALID", field: "want.count", got: 0, want: "1 or more" },
  UNAUTHENTICATED: { code: "UNAUTHENTICATED", reason: "the token is not known" },
  UNSUPPORTED: { code: "UNSUPPORTED", what: "a compressed message", want: "sent as it is" },
  INTERNAL: { code: "INTERNAL", where: "server", reason: "x is not a function" },
  INPUT_DAMAGED: { code: "INPUT_DAMAGED", file: "run.json", reason: "it is empty", want: "a run spec" },
  STORE_DAMAGED: { code: "STORE_DAMAGED", store: "store", case: "liver_1", reason: "its digest is another" },
  NOT_FOUND: { code: "NOT_FOUND", what: "case", name: "liver_2", known: ["liver_1"] },
  ALREADY_EXISTS: { code: "ALREADY_EXISTS", what: "file", name: "run.json" },
  DATASET_CHANGED: { code: "DATASET_CHANGED", dataset: "Liver", digest: "5f1c" },
  RECIPE_UNKNOWN: { code: "RECIPE_UNKNOWN", recipe: 1, speaks: 2 },
  STEP_PASSED: { code: "STEP_PASSED", step: 3, delivered: 5 },
  STEP_UNKNOWN: { code: "STEP_UNKNOWN", timeline: "train", step: 9, steps: 9 },
  STAGE_UNKNOWN: { code: "STAGE_UNKNOWN", timeline: "val", stage: 1, first: 3, last: 3 },
  PATCH_MISMATCH: { code: "PATCH_MISMATCH", step: 1, got: "image f32 1x8", want: "image f32 1x16" },
  LIMIT_EXCEEDED: { code: "LIMIT_EXCEEDED", limit: "max_samples", got: 9, max: 8 },
  SERVER_BUSY: { code: "SERVER_BUSY", limit: "max_streams", got: 9, max: 8 },
  BATCH_DAMAGED: { code: "BATCH_DAMAGED", step: 1, attempts: 3 },
  MESSAGE_DAMAGED: { code: "MESSAGE_DAMAGED", what: "the run spec" },
  UNAVAILABLE: { code: "UNAVAILABLE", address: "a:1", reason: "nothing listens there" },
  DEADLINE: { code: "DEADLINE", waitedFor: "step 1", timeoutMs: 60_000 },
  WORKER_DIED: { code: "WORKER_DIED", doing: "cutting step 1", attempts: 3, reason: "out of memory" },
  PROCESS_DIED: { code: "PROCESS_DIED", doing: "trains 1", reason: "SIGKILL" },
  ENGINE_MISSING: { code: "ENGINE_MISSING", engine: "onnx", reason: "its package is not installed" },
  LOSS_NOT_FINITE: { code: "LOSS_NOT_FINITE", step: 1, stage: 0, loss: Number.NaN, gradientNorm: 1 },
  TRAINING_ENDED: { code: "TRAINING_ENDED", training: "1", state: "has ended", reason: "" },
  WRITE_FAILED: { code: "WRITE_FAILED", file: "weights.onnx", reason: "the disk is full" },
};

/** What a message says where it says what would be right. */
const SAYS_IT = /it must be |; known: |at most \d+ is allowed|timeline has st/;

/** "what to do" of a code on the errors page. */
function onThePage(code: ErrorCode): string | undefined {
  const page = readFileSync(new URL("../../../docs/reference/errors.md", import.meta.url), "utf8");
  const row = page.split("\n").find((line) => line.startsWith(`| \`${code}\` |`));
  return row?.split(" | ").at(-1)?.replace(/ \|$/, "");
}

/** Who finds one of these says what to do: without a hint they do not compile. */
const OF_MANY_CAUSES: readonly ErrorCode[] = ["UNAVAILABLE", "TRAINING_ENDED", "ALREADY_EXISTS", "ENGINE_MISSING"];

test("a person who has one line is told what would be right, or what to do as the errors page has it", (t) => {
  for (const [code, facts] of Object.entries(EXAMPLES) as [ErrorCode, ErrorFacts][]) {
    const error = new PatchstreamError(facts, undefined);
    const isTold = USUAL_HINTS[code] !== undefined;
    if (isTold) t.is(error.advice, `${error.message}. ${onThePage(code)}`);
    else t.is(SAYS_IT.test(error.message), !OF_MANY_CAUSES.includes(code), error.message);
    t.is(new PatchstreamError(facts, "Do this.").advice, `${error.message}. Do this.`);
  }
  // @ts-expect-error A failure of many causes has no hint.
  t.truthy(new PatchstreamError({ code: "UNAVAILABLE", address: "a:1", reason: "gone" }));
});
