/**
 * `node dist/benchmarks/how-much-memory-does-labelling-take/run.js [RAW_FOLDER]`: the peak memory of `patchstream predict` beside what it states, for an
 * image of 512x512x600 voxels at the model's own spacing. RAW_FOLDER is what the model is trained on for one
 * step: its labels are of no use, its memory is that of any. Writes its table to RESULTS.md. Linux.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createGzip } from "node:zlib";
import { startServer } from "../child.js";
import { machine } from "../machine.js";
import { peakMib } from "../peak-memory.js";
import { writeResults } from "../results.js";

const CLI = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const SAMPLE = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));
/** x, y, z in voxels of 1 mm, as NIfTI has them. */
const SIZE = [512, 512, 600] as const;
const NIFTI_HEADER_BYTES = 352;
const INT16 = { datatype: 4, bits: 16 };
const EVERY_MS = 200;
const DATASET = "TrainedOnce";

interface Ran {
  readonly code: number | null;
  readonly errors: string;
  readonly peakMib: number;
  readonly seconds: number;
}

/** Runs a command of ours, and looks at its largest resident set until it ends. */
async function run(...args: string[]): Promise<Ran> {
  const began = performance.now();
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ["ignore", 2, "pipe"] });
  let errors = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors += text;
  });
  const exited = once(child, "exit") as Promise<[number | null]>;
  let peak = 0;
  let running = true;
  exited.then(() => {
    running = false;
  });
  while (running) {
    peak = Math.max(peak, await peakMib(child.pid));
    await Promise.race([exited, sleep(EVERY_MS)]);
  }
  const [code] = await exited;
  return { code, errors, peakMib: peak, seconds: (performance.now() - began) / 1000 };
}

async function succeed(...args: string[]): Promise<Ran> {
  const ran = await run(...args);
  if (ran.code !== 0) throw new Error(`patchstream ${args.join(" ")} ended with ${ran.code}: ${ran.errors}`);
  return ran;
}

/** An image of 16-bit noise, plane by plane, gzipped. */
async function writeImage(file: string): Promise<void> {
  const [x, y, z] = SIZE;
  function* bytes() {
    const header = Buffer.alloc(NIFTI_HEADER_BYTES);
    header.writeInt32LE(348, 0);
    [3, x, y, z, 1, 1, 1, 1].forEach((value, index) => {
      header.writeInt16LE(value, 40 + 2 * index);
    });
    header.writeInt16LE(INT16.datatype, 70);
    header.writeInt16LE(INT16.bits, 72);
    for (let axis = 0; axis < 4; axis++) header.writeFloatLE(1, 76 + 4 * axis);
    header.writeFloatLE(NIFTI_HEADER_BYTES, 108);
    header.writeFloatLE(1, 112);
    header.writeInt16LE(1, 254);
    for (let row = 0; row < 3; row++) header.writeFloatLE(1, 280 + 16 * row + 4 * row);
    header.write("n+1\0", 344, "latin1");
    yield header;
    let state = 1;
    for (let plane = 0; plane < z; plane++)
      yield Buffer.from(
        Int16Array.from({ length: x * y }, () => {
          state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
          return 1 + (state >>> 22);
        }).buffer,
      );
  }
  await pipeline(Readable.from(bytes()), createGzip({ level: 1 }), createWriteStream(file));
}

/** A model of patches of 64^3 that has taken one step on `raw`. */
async function trainOnce(raw: string, folder: string): Promise<string> {
  const [store, runs, spec] = [join(folder, "store"), join(folder, "runs"), join(folder, "run.json")];
  await succeed("ingest", raw, store, "--name", DATASET);
  const data = {
    dataset: DATASET,
    plan: { patchSize: [64, 64, 64], batchSize: 1, pooling: [4, 4, 4] },
    split: { fold: "all" },
    ...{ epochs: 1, stepsPerEpoch: 1, valSteps: 0, augmentation: "none" },
  };
  await writeFile(spec, JSON.stringify({ data, training: { baseFeatures: 4 } }));
  await using server = await startServer(CLI, ["serve", store, "--port", "0", "--json", "--log-level", "silent"]);
  const silent = ["--json", "--log-level", "silent"];
  await using trainer = await startServer(CLI, ["trainer", "--port", "0", "--runs", runs, ...silent]);
  await succeed("train", "--data", server.address, "--trainer", trainer.address, "--run", spec);
  const [training = ""] = (await readdir(runs)).filter((name) => !name.startsWith("."));
  return join(runs, training);
}

const [raw = SAMPLE] = process.argv.slice(2);
const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const model = await trainOnce(raw, folder);
  const images = join(folder, "images");
  await mkdir(images);
  await writeImage(join(images, "large_0000.nii.gz"));
  const label = ["predict", model, images, "--no-mirror", "--out"];
  const refused = await run(...label, join(folder, "refused"), "--memory", "1MiB");
  const [, stated] = / is (\d+); /.exec(refused.errors) ?? [];
  process.stderr.write(`${refused.errors}\n`);
  const labelled = await succeed(...label, join(folder, "labels"));
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const report = [
    `\`node dist/benchmarks/how-much-memory-does-labelling-take/run.js\` (${SIZE.join("x")} voxels of 1 mm, 16-bit, gzipped; a plain U-Net with 4 features, windows of 64^3, no mirroring): ${about.join("; ")}.`,
    "",
    "| memory that it states, MiB | peak RSS, MiB | seconds |",
    "|---|---|---|",
    `| ${[stated, labelled.peakMib.toFixed(0), labelled.seconds.toFixed(0)].join(" | ")} |`,
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("how-much-memory-does-labelling-take", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
