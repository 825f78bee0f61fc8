import test from "ava";
import type { Comparison, Trained } from "../../../cli/demo/compare.js";
import { comparisonPicture } from "../../../cli/demo/comparison-picture.js";
import { comparisonText } from "../../../cli/demo/comparison-text.js";
import { judge } from "../../../cli/demo/verdict.js";
import { drawLines } from "../../../pictures/index.js";

/** A training of 30 steps in `seconds`, whose pseudo Dice at the end of each third is `dice`, and its Dice on held-out cases `meanDice`. */
function trained(
  mode: Trained["mode"],
  seconds: number,
  dice: readonly number[],
  meanDice: number | undefined,
): Trained {
  const spans = mode === "constant" ? [seconds] : [seconds / 3, (2 * seconds) / 3, seconds];
  return {
    mode,
    steps: 30,
    seconds,
    waitingSeconds: seconds / 100,
    stages: spans.map((toSeconds, stage) => ({
      stage,
      patchSize: mode === "constant" ? [40, 56, 40] : [8 * (stage + 1), 8, 8],
      batchSize: 2,
      fromSeconds: spans[stage - 1] ?? 0,
      toSeconds,
      stepSeconds: [],
    })),
    points: dice.map((pseudoDice, third) => ({
      seconds: (seconds * (third + 1)) / 3,
      steps: 10 * (third + 1),
      pseudoDice,
      validationLoss: -pseudoDice,
    })),
    cases: [{ case: "a", classes: [] }],
    classes: [],
    ...(meanDice !== undefined && { meanDice }),
  };
}

const better: Comparison = {
  budgetSeconds: 90,
  constant: trained("constant", 91, [0.1, 0.5, 0.6], 0.61),
  performance: trained("performance", 90, [0.2, 0.6, 0.7], 0.72),
};
const worse: Comparison = {
  ...better,
  constant: { ...better.constant, meanDice: 0.8, seconds: 99 },
  performance: trained("performance", 90, [0.7, 0.2, 0.3], undefined),
};

test("what is seen is decided by the Dice on the held-out cases, and said plainly where it is not seen", (t) => {
  t.deepEqual({ ...judge(better), timeDifference: 0 }, { seen: true, caughtUpSeconds: 60, timeDifference: 0 });
  t.regex(
    comparisonText(better),
    /^The paper's claim is seen here: .*Dice 0\.720 on the 1 held-out cases, constant 0\.610\.$/m,
  );
  t.regex(comparisonText(better), /pseudo Dice that constant ends with, 0\.600, after 60 of 90 s/);
  t.notRegex(comparisonText(better), /times differ/);

  t.deepEqual(judge(worse).seen, false);
  t.is(judge(worse).caughtUpSeconds, undefined, "a pseudo Dice that is lost again does not count");
  t.regex(comparisonText(worse), /^The paper's claim is not seen here: .*Dice 0\.000 .*constant 0\.800\.$/m);
  t.regex(comparisonText(worse), /does not reach the pseudo Dice that constant ends with/);
  t.regex(comparisonText(worse), /The two times differ by 10 %/);
});

test("the table has both curves at the same seconds, at most 100 columns wide", (t) => {
  const text = comparisonText(better);
  t.true(text.split("\n").every((line) => [...line].length <= 100 || line.endsWith(".")));
  t.regex(text, /^ +30 {2}0\.100 ██ +16x8x8 {2}0\.200 ████$/m);
  t.regex(text, /^ +20 {2}- +8x8x8 {2}-$/m);
  t.regex(text, /^ +91 {2}0\.600 ████████████ +24x8x8 {2}0\.700 ██████████████$/m);
});

test("the picture says what is seen, names both curves and shows the stages", (t) => {
  const svg = drawLines(comparisonPicture(better));
  for (const text of [
    "claim is seen here",
    ">constant<",
    ">performance<",
    "30 steps at 40x56x40",
    "from 8x8x8 to 24x8x8",
  ])
    t.true(svg.includes(text), text);
  t.notRegex(svg, /NaN|undefined/);
});
