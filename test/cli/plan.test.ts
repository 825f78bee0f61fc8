import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { patchstream, patchstreamHere } from "./command.js";

const hippocampus = ["--patch-size", "40,56,40", "--batch-size", "9", "--pooling", "3,3,3"];

test("plan --json prints the stages and the relative FLOPs, as one document", async (t) => {
  const { code, stdout, stderr } = await patchstream("plan", ...hippocampus, "--json");
  t.is(code, 0);
  t.is(stderr, "");
  const { stages, relativeFlops } = JSON.parse(stdout);
  t.is(stages.length, 15);
  t.like(stages[0], { patchSize: [8, 8, 8], batchSize: 1575, fromEpoch: 0, epochs: 66 });
  t.like(stages[14], { patchSize: [40, 56, 40], batchSize: 9, fromEpoch: 924, epochs: 76 });
  t.is(relativeFlops.toFixed(4), "0.9825");
});

test("plan prints a table of at most 100 columns in every mode", async (t) => {
  for (const mode of ["constant", "performance", "progressive-resolution", "rpss"]) {
    const { code, stdout } = await patchstreamHere("plan", ...hippocampus, "--mode", mode);
    t.is(code, 0);
    t.true(stdout.split("\n").every((line) => [...line].length <= 100));
    t.regex(stdout, /40x56x40 +89,600 +9 /);
  }
});

test("plan prints the foreground samples that a batch has, not the share that was asked for", async (t) => {
  const network = ["--patch-size", "64,64,64", "--pooling", "3,3,3", "--mode", "constant"];
  for (const [batch, share, count] of [
    ["2", "50 %", 1],
    ["3", "33 %", 1],
    ["5", "40 %", 2],
  ] as const) {
    const { stdout } = await patchstreamHere("plan", ...network, "--batch-size", batch);
    t.regex(stdout, new RegExp(`64x64x64 +262,144 +${batch} +${share} `));
    const { stages } = JSON.parse((await patchstreamHere("plan", ...network, "--batch-size", batch, "--json")).stdout);
    t.is(stages[0].foregroundCount, count);
    t.true(Math.abs(stages[0].foregroundFraction - 0.33) < 0.01);
  }
});

test("plan --paper reproduces Table 1 as far as it can be", async (t) => {
  const table = await patchstreamHere("plan", "--paper");
  t.is(table.code, 0);
  t.true(table.stdout.split("\n").every((line) => line.length <= 100));
  t.regex(table.stdout, /the paper\n +counts so is inferred from this, it does not say it/);
  t.regex(table.stdout, /^MSD Hippocampus +40x56x40 +15 +33\.06 +33 +reproduced +91\.65 +92 +reproduced +98\.25$/m);
  const rows = JSON.parse((await patchstreamHere("plan", "--paper", "--json")).stdout) as {
    name: string;
    modes: Record<"efficiency" | "performance", { verdict: string; relativeFlops: number }>;
    paper: Record<"efficiency" | "performance", number>;
  }[];
  const verdicts = (mode: "efficiency" | "performance", verdict: string) =>
    rows.filter(({ modes }) => modes[mode].verdict === verdict).map(({ name }) => name);
  t.is(verdicts("performance", "reproduced").length, 15);
  t.is(verdicts("efficiency", "reproduced").length, 10);
  t.deepEqual(verdicts("efficiency", "within 1 point"), ["MSD Spleen", "AMOS22"]);
  t.deepEqual(verdicts("efficiency", "not reproduced"), ["MSD Liver", "KiTS23", "ToothFairy2"]);
});

test("plan takes nnU-Net's plans.json and draws an SVG", async (t) => {
  const folder = temporaryFolder(t);
  const [plans, plot] = [join(folder, "plans.json"), join(folder, "stages.svg")];
  const strides = [
    [1, 1, 1],
    [2, 2, 2],
  ];
  const architecture = {
    arch_kwargs: {
      strides,
      kernel_sizes: [
        [3, 3, 3],
        [3, 3, 3],
      ],
      features_per_stage: [8, 16],
    },
  };
  const configuration = { patch_size: [4, 6, 4], batch_size: 2, architecture };
  writeFileSync(plans, JSON.stringify({ configurations: { "3d_fullres": configuration } }));
  const { code, stdout } = await patchstreamHere(
    "plan",
    "--plans",
    plans,
    "--mode",
    "efficiency",
    "--plot",
    plot,
    "--json",
  );
  t.is(code, 0);
  t.deepEqual(
    JSON.parse(stdout).stages.map(({ patchSize }: { patchSize: number[] }) => patchSize.join("x")),
    ["2x2x2", "4x2x2", "4x4x2", "4x4x4", "4x6x4"],
  );
  const svg = readFileSync(plot, "utf8");
  t.true(svg.startsWith("<svg ") && svg.endsWith("</svg>\n"));
  t.true(svg.includes("efficiency: 5 stages to 4x6x4, batch 2"));
});

test("wrong use ends with 2, a bad plan with 1 and one line that says what would be right", async (t) => {
  t.is((await patchstreamHere("plan")).code, 2);
  t.is((await patchstreamHere("plan", "--paper", ...hippocampus)).code, 2);
  t.is((await patchstreamHere("plan", ...hippocampus, "--mode", "efficiency", "--rounding", "floor")).code, 2);
  t.is((await patchstreamHere("plan", "--patch-size", "1,2")).code, 2);
  t.is((await patchstreamHere("plan", ...hippocampus, "--epochs", "100.5")).code, 2);
  t.is((await patchstreamHere("plan", ...hippocampus, "--budget-fraction", "2")).code, 2);
  const bad = await patchstreamHere("plan", "--patch-size", "100,56,40", "--batch-size", "9", "--pooling", "4,3,3");
  t.is(bad.code, 1);
  t.is(
    bad.stderr,
    "patchstream: plan.patchSize[0] is 100; it must be a multiple of 16 (pooled 4 times on Z). Try 96 or 112.\n",
  );
  t.is((await patchstreamHere("plan", ...hippocampus, "--epochs", "14")).code, 1);
});
