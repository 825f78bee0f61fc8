import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { ingest } from "../../../loader/index.js";
import { temporaryFolder } from "../../dataset/temporary-folder.js";
import { writeRawDataset } from "../../dataset/write-raw-dataset.js";
import { patchstream, patchstreamHere } from "../command.js";

const NETWORK = ["--patch-size", "128,128,128", "--batch-size", "2", "--pooling", "5,5,5"];

interface SizeJson {
  readonly source: string;
  readonly trainings: number;
  readonly fleets: number;
  readonly servers: number;
  readonly memory: Readonly<Record<string, number>>;
  readonly stages: readonly {
    readonly stage: number;
    readonly stepMs: number;
    readonly cutMs: number;
    readonly carryMs: number;
    readonly batchBytes: number;
    readonly servers: number;
  }[];
}

async function sized(...args: string[]): Promise<SizeJson> {
  const { code, stdout, stderr } = await patchstreamHere("size", ...args, "--json");
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as SizeJson;
}

test("a fleet for 512 GPUs, from the stated costs: the same in the table and in JSON", async (t) => {
  const args = ["--gpus", "512", "--step-ms", "130", ...NETWORK];
  const { trainings, fleets, servers, stages, source } = await sized(...args);
  t.deepEqual(
    { trainings, fleets, source, stages: stages.length },
    { trainings: 512, fleets: 4, source: "stated", stages: 10 },
  );
  t.is(servers, Math.max(...stages.map((stage) => stage.servers)));
  const { stdout } = await patchstream("size", ...args);
  const rows = stdout.split("\n").map((line) => line.trim().split(/ {2,}/));
  for (const { stage, servers } of stages) t.is(rows[stage + 1]?.at(-2), `${servers}`, `stage ${stage}`);
  t.true(
    stdout.includes(`512 trainings on 512 GPUs: ${servers} data servers of 8 processors and 10 Gbit/s, in 4 fleets`),
  );
});

test("a step's time is that of the stage with the most voxels, or one for each stage", async (t) => {
  const network = [...NETWORK, "--mode", "efficiency"];
  const { stages } = await sized("--gpus", "8", "--step-ms", "128", ...network);
  t.deepEqual([stages[0]?.stepMs, stages.at(-1)?.stepMs], [2, 128]);
  const times = stages.map((_, stage) => 50 + stage);
  const given = await sized("--gpus", "8", "--step-ms", times.join(","), ...network);
  t.deepEqual(
    given.stages.map(({ stepMs }) => stepMs),
    times,
  );
});

test("what does not fit together is refused in one line that says what would", async (t) => {
  const gpus = ["--gpus", "8", "--step-ms", "130"];
  const wrong: readonly (readonly [args: readonly string[], says: RegExp])[] = [
    [gpus, /^error: give one of --store FOLDER with --run FILE, --plans FILE, or --patch-size/],
    [[...gpus, "--store", "s"], /^error: --store and --run go together$/m],
    [
      ["--gpus", "8", "--step-ms", "1,2", ...NETWORK],
      /^error: --step-ms has 2 numbers; the run has 10 stages: give one, or 10$/m,
    ],
    [[...gpus, ...NETWORK, "--ranks", "3"], /^error: 8 GPUs do not divide into trainings of 3 \(--ranks\)$/m],
    [[...gpus, ...NETWORK, "--ranks", "4"], /^error: --ranks 4: stage 7 \(128x96x96\) has a batch of 3$/m],
    [
      [...gpus, ...NETWORK, "--same-order", "9"],
      /^error: --same-order 9 is more than the 8 trainings that there are$/m,
    ],
    [["--gpus", "8", "--step-ms", "0", ...NETWORK], /--step-ms.*It must be a number above 0\./],
  ];
  for (const [args, says] of wrong) {
    const { code, stderr, stdout } = await patchstreamHere("size", ...args);
    t.is(code, 2, args.join(" "));
    t.is(stdout, "");
    t.regex(stderr, says);
  }
});

test("with a store and a run, every stage's cost is measured here, and the volumes count", async (t) => {
  const folder = temporaryFolder(t);
  writeRawDataset(join(folder, "raw"), {});
  const [store, run] = [join(folder, "store"), join(folder, "run.json")];
  await ingest(join(folder, "raw"), store, { workers: 0 });
  const plan = { patchSize: [4, 4, 4], batchSize: 4, pooling: [1, 1, 1] };
  const split = { train: ["phantom_1"], val: ["phantom_2"] };
  const stages = [
    { patchSize: [2, 2, 2], batchSize: 4 },
    { patchSize: [4, 4, 4], batchSize: 2 },
  ];
  writeFileSync(run, JSON.stringify({ data: { dataset: "raw", split, plan, stages, epochs: 2 } }));
  const {
    source,
    stages: found,
    memory,
  } = await sized("--gpus", "2", "--step-ms", "50", "--store", store, "--run", run);
  t.is(source, "measured");
  t.deepEqual(
    found.map(({ batchBytes }) => batchBytes),
    [4 * 2 ** 3 * 5, 2 * 4 ** 3 * 5],
  );
  for (const { cutMs, carryMs } of found) t.true(cutMs + carryMs > 0 && cutMs >= 0 && carryMs >= 0);
  t.true((memory.volumes ?? 0) > 0);
});
