import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { type DataServer, serve } from "../../loader/server/serve.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { startSlowNetwork } from "./slow-network.js";

const main = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const test = anyTest as TestFn<{ folder: string; server: DataServer }>;

test.before(async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "patchstream-doctor-"));
  t.context = { folder, server: await serve(await makeSampleStore(folder), { workers: 1 }) };
});

test.after.always(async (t) => {
  await t.context.server.drain();
  await rm(t.context.folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface Findings {
  readonly stages: readonly {
    readonly stage: number;
    readonly intervalMs: number;
    readonly partsMs: Readonly<Record<"fetch" | "cut" | "carry", number>>;
    readonly augmentationMs: number;
    readonly spread: number;
    readonly utilisation?: number;
    readonly limit: string;
    readonly carrier: string;
    readonly advice: string;
  }[];
}

const LAST_STAGE = 14;
const MOST_TRIES = 5;

/** The sample's growing curriculum, with one field of the data spec changed. */
function dataSpec(change: object): object {
  return {
    dataset: "Task04_Hippocampus",
    split: { fold: "all" },
    plan: { patchSize: [40, 56, 40], batchSize: 2, pooling: [3, 3, 3] },
    mode: "performance",
    ...change,
  };
}

/** Runs `doctor` on short passes, over a run spec with `data`. */
async function doctor(
  t: ExecutionContext<{ folder: string }>,
  data: object,
  address: string,
  ...args: string[]
): Promise<Outcome> {
  const run = join(t.context.folder, `${t.title.replaceAll(/\W+/g, "-")}.json`);
  await writeFile(run, JSON.stringify({ data }));
  const command = [main, "doctor", "--data", address, "--run", run, "--pass-ms", "50", ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, { timeout: 120_000 }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

function findings({ stdout, stderr }: Outcome): Findings {
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Findings;
}

/** The findings, asked for again while the command says that the machine is too busy to tell. */
async function clearFindings(...command: Parameters<typeof doctor>): Promise<Findings> {
  for (let tries = 1; ; tries++) {
    const found = findings(await doctor(...command));
    if (tries === MOST_TRIES || found.stages.every(({ limit }) => limit !== "unclear")) return found;
  }
}

test.serial("carrying over a network of 16 MB a second sets the pace of batches that are quickly cut", async (t) => {
  const address = await startSlowNetwork(t, t.context.server.address, 16e6);
  const data = dataSpec({ augmentation: "none" });
  // A lane would go past the slow network, straight to the server.
  const { stages } = await clearFindings(t, data, address, "--carrier", "grpc", "--stages", `${LAST_STAGE}`, "--json");
  t.like(stages, [{ stage: LAST_STAGE, limit: "carry", carrier: "grpc" }], JSON.stringify(stages));
  t.regex(stages[0]?.advice ?? "", /"wire": \{ "image": "f16" \}/);
});

test.serial("one worker that augments every patch sets the pace on this machine", async (t) => {
  const always = { rotationProbability: 1, scalingProbability: 1 };
  const augmentation = [
    { kind: "spatial", ...always },
    { kind: "noise", probability: 1 },
    { kind: "blur", probability: 1, channelProbability: 1 },
    { kind: "low-resolution", probability: 1, channelProbability: 1 },
    { kind: "gamma", inverted: false, probability: 1 },
  ];
  const data = dataSpec({ augmentation, wire: { image: "f16" } });
  const { stages } = await clearFindings(t, data, t.context.server.address, "--stages", "0", "--json");
  t.like(stages, [{ stage: 0, limit: "cut" }], JSON.stringify(stages));
  t.regex(stages[0]?.advice ?? "", /--workers/);
});

test.serial("a step of 400 ms is its own limit: nothing to change in loading", async (t) => {
  const args = ["--step-ms", "400", "--stages", "0", "--json"];
  const { stages } = await clearFindings(t, dataSpec({}), t.context.server.address, ...args);
  t.like(stages, [{ stage: 0, limit: "step" }], JSON.stringify(stages));
  t.regex(stages[0]?.advice ?? "", /^nothing to change in loading, accelerator utilisation/);
});

test.serial(
  "the table fits 100 columns and has a verdict a stage; the first, middle and last where none is named",
  async (t) => {
    const { code, stdout } = await doctor(t, dataSpec({}), t.context.server.address);
    t.is(code, 0);
    t.true(
      stdout.split("\n").every((line) => line.length <= 100),
      stdout,
    );
    for (const stage of [0, 7, LAST_STAGE])
      t.regex(stdout, new RegExp(`^stage ${stage}: (\\w+ sets the pace|not clear): `, "m"));
  },
);

test.serial("a stage that the run lacks is exit code 1, wrong use 2", async (t) => {
  const { address } = t.context.server;
  const beyond = await doctor(t, dataSpec({}), address, "--stages", "15");
  t.is(beyond.code, 1);
  t.regex(beyond.stderr, /stage 15 does not exist/);
  for (const args of [
    ["--stages", "x"],
    ["--pass-ms", "0"],
    ["--step-ms", "1.5"],
  ])
    t.is((await doctor(t, dataSpec({}), address, ...args)).code, 2, args.join(" "));
});
