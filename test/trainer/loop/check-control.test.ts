import test from "ava";
import type { ResolvedSpec } from "../../../plan/index.js";
import { checkControl, isValidated } from "../../../trainer/loop/check-control.js";
import { parseTrainingSpec } from "../../../trainer/spec.js";
import { tinySpec } from "../tiny-spec.js";

const spec: ResolvedSpec = { ...tinySpec, split: { train: ["a"], val: ["b"] } };

const check =
  (training: object, data: Partial<ResolvedSpec> = {}) =>
  () =>
    checkControl({ ...spec, ...data }, parseTrainingSpec(training));

test("a run with validation batches is validated unless it says no; asked for without any, it is refused", (t) => {
  t.true(isValidated(spec, {}));
  t.false(isValidated(spec, { validation: false }));
  t.false(isValidated({ ...spec, valSteps: 0 }, {}));
  t.regex(
    t.throws(check({ validation: true }, { valSteps: 0 }), { code: "SPEC_INVALID" })?.message ?? "",
    /^training\.validation is true; it must be false where data\.valSteps is 0/,
  );
});

test("adaptive control without what it decides by, or without an order of stages, is refused in one line", (t) => {
  const control = { kind: "adaptive" };
  t.notThrows(check({ control }));
  for (const refused of [
    check({ control, validation: false }),
    check({ control }, { valSteps: 0 }),
    check({ control }, { stageOrder: "random" }),
  ])
    t.regex(
      t.throws(refused, { code: "SPEC_INVALID" })?.message ?? "",
      /^training\.control\.kind is "adaptive"; it must be "scheduled" or "manual" [^\n]*$/,
    );
  t.notThrows(check({ control: { kind: "manual" } }, { stageOrder: "random", valSteps: 0 }));
});
