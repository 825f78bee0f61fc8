/**
 * `PYTHON=python-with-nnunetv2 node dist/benchmarks/do-patches-look-like-nnunets/run.js [--store STORE] [--arms starts,all]`: the same
 * number of patches from real nnU-Net and from us, at four sizes: where they lie, and every statistic that differs beyond chance; writes
 * the tables to RESULTS.md. An arm has all transforms or some by themselves. STORE: a store of hippocampi; left out, that of the cases
 * of the repository.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ingest, openEngine, openStore } from "../../loader/index.js";
import { type AugmentationInput, caseTable, planCrops, resolveSpec, type Zyx } from "../../plan/index.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import { exportVolumes } from "../which-loader-feeds-a-trainer/export-volumes.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const PATCHES: readonly Zyx[] = [
  [16, 24, 16],
  [24, 16, 16],
  [32, 40, 32],
  [40, 56, 40],
];
const BATCH = 10;
const BATCHES = 300;
/** Where a patch lies is quickly told. */
const BATCHES_OF_STARTS = 2000;
const FOREGROUND = 0.33;
/** One of 2,000 comparisons is further apart by chance. */
const BEYOND_CHANCE = 3.5;

/** What patches are made with. */
const ARMS = {
  starts: [],
  all: "nnunet",
  crop: [],
  turn: [{ kind: "spatial", rotationProbability: 1, scalingProbability: 0 }],
  zoom: [{ kind: "spatial", rotationProbability: 0, scalingProbability: 1 }],
  intensity: [
    { kind: "noise" },
    { kind: "blur" },
    { kind: "brightness" },
    { kind: "contrast" },
    { kind: "low-resolution" },
    { kind: "gamma", inverted: true },
    { kind: "gamma", inverted: false },
    { kind: "mirror" },
  ],
} satisfies Readonly<Record<string, "nnunet" | readonly AugmentationInput[]>>;

type Arm = keyof typeof ARMS;

/** Arms in which nnU-Net also reads a box so large, and by so even a margin, that no corner is missing and every start is ours. */
const WITH_LARGER_BOX: readonly Arm[] = ["all", "turn", "zoom"];

interface Mean {
  readonly mean: number;
  readonly error: number;
}
type Summary = Readonly<Record<string, Mean>>;
interface Answer {
  readonly enlarged: Zyx;
  readonly shift: Zyx;
  readonly outside: Mean;
  readonly ours: Summary;
  readonly nnunet: Summary;
}

const { values } = parseArgs({ options: { store: { type: "string" }, arms: { type: "string" } } });
const arms = values.arms?.split(",") ?? Object.keys(ARMS);

/** The Python process; it answers a line for a line. */
const script = join(root, "benchmarks/do-patches-look-like-nnunets/nnunet_patches.py");
const child = spawn(process.env.PYTHON ?? "python3", [script], { stdio: ["pipe", "pipe", "inherit"] });
const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

async function ask(job: object): Promise<Answer> {
  child.stdin.write(`${JSON.stringify(job)}\n`);
  const { value, done } = await answers.next();
  if (done) throw new Error(`${script} ended early`);
  return JSON.parse(value) as Answer;
}

function meanAndError(numbers: readonly number[]): Mean {
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length;
  const squares = numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0);
  return { mean, error: Math.sqrt(squares / (numbers.length - 1) / numbers.length) };
}

/** The share of a patch (first voxel, size) that lies outside a volume of `extent`. */
function outside(lower: Zyx, size: Zyx, extent: Zyx): number {
  const inside = lower.map((start, axis) => {
    const end = Math.min(start + (size[axis] as number), extent[axis] as number);
    return Math.max(0, end - Math.max(start, 0)) / (size[axis] as number);
  });
  return 1 - inside.reduce((share, along) => share * along, 1);
}

/** How many standard errors apart two means are. */
function apart(a: Mean, b: Mean): number {
  const error = Math.hypot(a.error, b.error);
  return error === 0 ? 0 : (a.mean - b.mean) / error;
}

function percent({ mean, error }: Mean): string {
  return `${(100 * mean).toFixed(3)} ± ${(100 * error).toFixed(3)}`;
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  let storePath = values.store;
  if (storePath === undefined) {
    storePath = join(folder, "store");
    await ingest(join(root, "examples/data/Task04_Hippocampus"), storePath, {});
  }
  await using store = await openStore(storePath);
  const cases = caseTable(store.dataset);
  const volumes = join(folder, "volumes");
  await exportVolumes(storePath, volumes);
  await using engine = await openEngine(store, { workers: 1 });
  const ids = cases.cases.map(({ id }) => id);
  const extents = new Map(cases.cases.map(({ id, shape }) => [id, shape]));
  const job = { batch: BATCH, foreground: FOREGROUND, volumes, seed: 1 };

  const starts: string[] = [];
  const zeros: string[] = [];
  const differences: string[] = [];
  let compared = 0;

  /** Each batch of a patch size and an arm: its bytes, and where its patches lie. */
  async function* batches(patch: Zyx, arm: Arm, count: number) {
    const data = {
      dataset: store.dataset.name,
      plan: { patchSize: patch, batchSize: BATCH, pooling: [3, 3, 3] },
      mode: "constant",
      foregroundFraction: FOREGROUND,
      split: { train: ids, val: ids },
      stepsPerEpoch: count,
      augmentation: ARMS[arm],
    };
    const spec = resolveSpec(data, { ...store.dataset, cases });
    for (let step = 0; step < count; step++) {
      const plan = planCrops(spec, cases, { timeline: "train", step, stage: 0 });
      const lease = await engine.cut(spec, plan);
      yield { crops: plan.crops, lowers: lease.lowers, bytes: lease.bytes };
      lease.release();
    }
  }

  async function compareStarts(patch: Zyx): Promise<void> {
    const shares: number[] = [];
    for await (const { crops, lowers } of batches(patch, "starts", BATCHES_OF_STARTS)) {
      for (const [index, { case: id }] of crops.entries()) {
        const lower = [...lowers.subarray(3 * index, 3 * index + 3)] as unknown as Zyx;
        shares.push(outside(lower, patch, extents.get(id) as Zyx));
      }
    }
    const ours = meanAndError(shares);
    const theirs = await ask({ ...job, patch, arm: "starts", batches: BATCHES_OF_STARTS });
    const { enlarged, shift } = theirs;
    const sizes = [patch, enlarged].map((size) => size.join("x"));
    const shares2 = [percent(ours), percent(theirs.outside), apart(ours, theirs.outside).toFixed(1)];
    starts.push(`| ${[...sizes, shift.join(", "), ...shares2].join(" | ")} |`);
    process.stderr.write(`${starts.at(-1)}\n`);
  }

  async function comparePatches(patch: Zyx, arm: Arm): Promise<void> {
    const file = join(folder, "patches");
    const out = createWriteStream(file);
    for await (const { bytes } of batches(patch, arm, BATCHES))
      if (!out.write(Buffer.from(bytes))) await once(out, "drain");
    out.end();
    await once(out, "finish");
    for (const roomy of WITH_LARGER_BOX.includes(arm) ? [false, true] : [false]) {
      const { ours, nnunet } = await ask({ ...job, patch, arm, batches: BATCHES, file, roomy });
      const name = [patch.join("x"), arm, roomy ? "nnU-Net, reading a larger box" : "nnU-Net"];
      for (const what of Object.keys(ours)) {
        compared++;
        const [a, b] = [ours[what], nnunet[what]] as [Mean, Mean];
        const distance = apart(a, b);
        if (what === "zeros") zeros.push(`| ${[...name, percent(a), percent(b), distance.toFixed(1)].join(" | ")} |`);
        if (Math.abs(distance) < BEYOND_CHANCE) continue;
        const means = [a, b].map(({ mean, error }) => `${mean.toPrecision(4)} ± ${error.toPrecision(2)}`);
        differences.push(`| ${[...name, what, ...means, distance.toFixed(1)].join(" | ")} |`);
        process.stderr.write(`${differences.at(-1)}\n`);
      }
      process.stderr.write(`${zeros.at(-1)}\n`);
    }
  }

  for (const patch of PATCHES) {
    for (const arm of Object.keys(ARMS) as Arm[]) {
      if (!arms.includes(arm)) continue;
      if (arm === "starts") await compareStarts(patch);
      else await comparePatches(patch, arm);
    }
  }

  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const command = `node dist/benchmarks/do-patches-look-like-nnunets/run.js --arms ${arms.join()}`;
  const tables = [
    ...(starts.length === 0
      ? []
      : [
          "",
          `Where patches lie, ${BATCH * BATCHES_OF_STARTS} each:`,
          "",
          "| patch | box that nnU-Net reads | voxels that its turned patches lie beside those that are not (Z, Y, X) | outside the volume, ours, % of voxels | nnU-Net's | apart, in standard errors |",
          "|---|---|---|---|---|---|",
          ...starts,
        ]),
    ...(zeros.length === 0
      ? []
      : [
          "",
          `What is in them, ${BATCH * BATCHES} each:`,
          "",
          "| patch | transforms | beside | zeros, ours, % of voxels | theirs | apart, in standard errors |",
          "|---|---|---|---|---|---|",
          ...zeros,
          "",
          `Of ${compared} comparisons these are more than ${BEYOND_CHANCE} standard errors apart:`,
          "",
          "| patch | transforms | beside | what | ours | theirs | apart |",
          "|---|---|---|---|---|---|---|",
          ...differences,
        ]),
  ];
  const report = [`\`${command}\`, ${ids.length} cases: ${about.join("; ")}.`, ...tables].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("do-patches-look-like-nnunets", report);
} finally {
  child.stdin.end();
  await rm(folder, { recursive: true, force: true });
}
