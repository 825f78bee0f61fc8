import { readFileSync } from "node:fs";
import test from "ava";
import { PatchstreamError } from "../../plan/index.js";
import { pointName, runsOf } from "../../study/spec/grid.js";
import { parseStudySpec } from "../../study/spec/parse-study.js";

const least = { datasets: [{ name: "hippo", store: "store" }], methods: ["constant", "performance"] };

const names = (document: object) => runsOf(parseStudySpec(document)).map(({ name }) => name);
const points = (document: object) => runsOf(parseStudySpec(document)).map(({ point }) => point);

test("the least study has a run for each method: nnU-Net's plain U-Net, fold 0, full length, seed 1", (t) => {
  t.deepEqual(names(least), [
    "hippo+plain-unet+constant+nnunet+mirrored+fold0+length100+seed1",
    "hippo+plain-unet+performance+split-crop+mirrored+fold0+length100+seed1",
  ]);
});

test("a grid is every combination of its axes, and runs that share their batches follow each other", (t) => {
  const document = {
    ...least,
    networks: ["plain-unet", "unetr"],
    folds: [0, 1],
    lengths: [1, 100],
    mirroring: [true, false],
  };
  const all = points(document);
  t.is(all.length, 2 * 2 * 2 * 2 * 2);
  for (let at = 0; at < all.length; at += 2) {
    const [one, other] = [all[at], all[at + 1]];
    t.deepEqual({ ...one, network: "" }, { ...other, network: "" } as typeof one);
  }
});

test("grids are joined, and a run that two of them have is one", (t) => {
  const document = { ...least, lengths: [10, 100], grids: [{}, { lengths: [10], seeds: [1, 2, 3] }] };
  t.deepEqual(
    points(document).map(({ method, length, seed }) => `${method} ${length} ${seed}`),
    [
      ...["constant 10 1", "performance 10 1", "constant 100 1", "performance 100 1"],
      ...["constant 10 2", "performance 10 2", "constant 10 3", "performance 10 3"],
    ],
  );
});

test("a strategy that is a method's own is the same run, named or not", (t) => {
  const document = { ...least, methods: ["performance"], grids: [{}, { strategies: ["split-crop", "multi-crop"] }] };
  t.deepEqual(
    points(document).map(({ strategy }) => strategy),
    ["split-crop", "multi-crop"],
  );
});

test("a length is fewer steps an epoch, which may be no whole number, and the epochs stay", (t) => {
  const [run] = runsOf(parseStudySpec({ ...least, lengths: [1], data: { epochs: 40, stepsPerEpoch: 50 } }));
  t.is(run?.data.epochs, 40);
  t.is(run?.data.stepsPerEpoch, 0.5);
  t.is(runsOf(parseStudySpec({ ...least, lengths: [1] }))[0]?.data.stepsPerEpoch, 2.5);
});

test("without mirroring a run has its augmentation but for the mirror", (t) => {
  const usual = runsOf(parseStudySpec({ ...least, mirroring: [false] }))[0];
  t.is(usual?.data.augmentation, "nnunet-nomirror");
  const own = { augmentation: [{ kind: "mirror" }, { kind: "noise" }] };
  const listed = runsOf(parseStudySpec({ ...least, data: own, mirroring: [false] }))[0]?.data.augmentation;
  t.deepEqual(
    (listed as { kind: string }[]).map(({ kind }) => kind),
    ["noise"],
  );
  t.is(points({ ...least, data: { augmentation: "none" } })[0]?.mirroring, false);
});

test("a network's settings come over the common ones, and a method's over both; its plan is the data set's unless it has one", (t) => {
  const [plan, own] = [
    { patchSize: [16, 16, 16], batchSize: 2, pooling: [2, 2, 2] },
    { patchSize: [32, 32, 32], batchSize: 2, pooling: [4, 4, 4] },
  ];
  const document = {
    datasets: [{ name: "hippo", store: "store", plan }],
    networks: [
      "plain-unet",
      { name: "large", training: { baseFeatures: 8, learningRate: 0.2 }, plans: { hippo: own } },
    ],
    methods: [{ name: "mine", data: { mode: "efficiency", foregroundFraction: 0.5 }, training: { learningRate: 0.3 } }],
    training: { learningRate: 0.1, momentum: 0.9 },
    seeds: [7],
  };
  const [plain, large] = runsOf(parseStudySpec(document));
  t.deepEqual(plain?.training, { learningRate: 0.3, momentum: 0.9, network: "plain-unet", seed: 7 });
  t.deepEqual(large?.training, { learningRate: 0.3, momentum: 0.9, baseFeatures: 8, seed: 7 });
  t.deepEqual([plain?.data.plan, large?.data.plan], [plan, own]);
  t.is(plain?.data.seed, 7);
});

test("a study that was read is written down as a document that reads as itself", (t) => {
  const document = { ...least, networks: ["unetr"], grids: [{ folds: [1] }, { seeds: [2] }], data: { valSteps: 2 } };
  const spec = parseStudySpec(document);
  t.deepEqual(parseStudySpec(JSON.parse(JSON.stringify(spec))), spec);
});

test("points that differ have names that differ", (t) => {
  const point = {
    dataset: "a",
    network: "b",
    method: "c",
    strategy: "nnunet",
    mirroring: true,
    fold: 1,
    length: 2.5,
    seed: 3,
  };
  t.is(pointName(point), "a+b+c+nnunet+mirrored+fold1+length2.5+seed3");
  t.not(pointName({ ...point, length: 25 }), pointName(point));
});

test("the example and the documents of the pages are studies", (t) => {
  const page = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");
  const example = parseStudySpec(JSON.parse(page("examples/study-hippocampus.json")));
  t.is(runsOf(example).length, 120);
  const json = (path: string) =>
    [...page(path).matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = ""]) => JSON.parse(text));
  const [whole] = json("docs/how-to/run-a-study.md");
  t.is(runsOf(parseStudySpec(whole)).length, 9);
  const [method, network, grids] = json("docs/reference/study.md");
  const document = { ...least, datasets: [{ name: "hippocampus", store: "store" }], methods: ["constant", method] };
  t.is(runsOf(parseStudySpec({ ...document, networks: ["plain-unet", network], ...grids })).length, 28);
});

const mistakes: readonly (readonly [what: string, document: unknown, message: RegExp])[] = [
  ["no document", [], /^study is a list of 0 entries; it must be an object$|^study is \[\]; it must be an object/],
  [
    "a misspelt field",
    { ...least, lenghts: [1] },
    /study\.lenghts is not a known field\. Did you mean study\.lengths\?/,
  ],
  ["no data set", { methods: ["constant"] }, /study\.datasets is missing; it must be a list of data sets/],
  ["no method", { datasets: least.datasets }, /study\.methods is missing/],
  [
    "a data set without a place",
    { ...least, datasets: [{ name: "a" }] },
    /study\.datasets\[0\]\.store is missing; it must be the folder/,
  ],
  [
    "a data set at two places",
    { ...least, datasets: [{ name: "a", store: "s", data: ["b:1"] }] },
    /study\.datasets\[0\]\.data is .* left out/,
  ],
  [
    "a name that is no folder's",
    { ...least, datasets: [{ name: "../a", store: "s" }] },
    /study\.datasets\[0\]\.name is "\.\.\/a"; it must be a name of/,
  ],
  [
    "two of one name",
    { ...least, methods: ["constant", "constant"] },
    /study\.methods\[1\]\.name is "constant"; it must be a name that no other/,
  ],
  [
    "an unknown method",
    { ...least, methods: ["efficency"] },
    /study\.methods\[0\] is "efficency"; it must be one of "constant", "efficiency"/,
  ],
  [
    "an unknown network",
    { ...least, networks: ["resnet"] },
    /study\.networks\[0\] is "resnet"; it must be one of "plain-unet"/,
  ],
  [
    "an unknown strategy",
    { ...least, strategies: ["crop"] },
    /study\.strategies\[0\] is "crop"; it must be one of "nnunet"/,
  ],
  [
    "a length of nothing",
    { ...least, lengths: [0] },
    /study\.lengths\[0\] is 0; it must be a number above 0, at most 100/,
  ],
  [
    "a fold that there is not",
    { ...least, folds: [5] },
    /study\.folds\[0\] is 5; it must be 0 to 4, since data\.split has 5 folds/,
  ],
  [
    "a fold of a grid that there is not",
    { ...least, data: { split: { folds: 3 } }, grids: [{ folds: [1, 3] }] },
    /study\.grids\[0\]\.folds\[1\] is 3; it must be 0 to 2/,
  ],
  [
    "a grid of what there is not",
    { ...least, grids: [{ methods: ["rpss"] }] },
    /study\.grids\[0\]\.methods\[0\] is "rpss"; it must be one of "constant", "performance"/,
  ],
  [
    "a seed among the common settings",
    { ...least, data: { seed: 3 } },
    /study\.data\.seed is 3; it must be left out, since seeds say it/,
  ],
  [
    "a mode among the common settings",
    { ...least, data: { mode: "rpss" } },
    /study\.data\.mode is "rpss"; it must be left out, since methods say it/,
  ],
  [
    "a split of its own",
    { ...least, data: { split: { train: ["a"], val: ["b"] } } },
    /data\.split\.train is not a known field/,
  ],
  [
    "a common setting of the wrong kind",
    { ...least, data: { epochs: "ten" } },
    /study\.data\.epochs is "ten"; it must be an integer/,
  ],
  [
    "a method's setting of the wrong kind",
    { ...least, methods: [{ name: "a", data: { mode: "rps" } }] },
    /study\.methods\[0\]\.data\.mode is "rps"; it must be one of/,
  ],
  [
    "a misspelt setting",
    { ...least, training: { learningrate: 1 } },
    /study\.training\.learningrate is not a known field\. Did you mean study\.training\.learningRate\?/,
  ],
  [
    "a data set's plan",
    { ...least, datasets: [{ name: "a", store: "s", plan: { patchSize: [16, 16] } }] },
    /study\.datasets\[0\]\.plan\.patchSize is \[16,16\]; it must be three integers/,
  ],
  [
    "a network's plan for a data set that there is not",
    { ...least, networks: [{ name: "a", plans: { liver: {} } }] },
    /study\.networks\[0\]\.plans\.liver is .*; it must be for one of "hippo"/,
  ],
  [
    "mirroring that its augmentation has not",
    { ...least, data: { augmentation: "none" }, mirroring: [true] },
    /mirroring \(data set hippo, network plain-unet, method constant\) is true; it must be false/,
  ],
  [
    "settings that do not go together",
    { ...least, methods: [{ name: "a", data: { mode: "rpss" } }], data: { rounding: "floor" } },
    /study\.data\.rounding is "floor"; it must be left out/,
  ],
  ["too many at once", { ...least, atOnce: 0 }, /study\.atOnce is 0; it must be an integer from 1/],
];

for (const [what, document, message] of mistakes)
  test(`${what} is refused, naming field, value and what would be right`, (t) => {
    const error = t.throws(() => runsOf(parseStudySpec(document)), { instanceOf: PatchstreamError });
    t.is(error?.code, "SPEC_INVALID");
    t.regex(error?.message ?? "", message);
  });
