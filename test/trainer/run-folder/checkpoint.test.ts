import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import type { PlainUnet } from "../../../trainer/networks/plain-unet/network.js";
import {
  type Checkpoint,
  checkpointPath,
  readCheckpoint,
  writeCheckpoint,
} from "../../../trainer/run-folder/checkpoint.js";
import { tinySpec } from "../tiny-spec.js";

function folder(t: ExecutionContext): string {
  const path = mkdtempSync(join(tmpdir(), "patchstream-checkpoint-"));
  t.teardown(() => rmSync(path, { recursive: true }));
  return path;
}

function checkpoint(step: number, values: number): Checkpoint {
  return {
    step,
    digest: "ab",
    spec: tinySpec,
    network: {
      kind: "plain-unet",
      inputChannels: 1,
      classes: 3,
      features: [4],
      kernelSizes: [[3, 3, 3]],
      strides: [[1, 1, 1]],
      heads: [0],
      convsPerLevel: 2,
    },
    batchDice: true,
    labels: { background: 0, Anterior: 1 },
    decisions: [{ stage: 0, fromStep: 3, reason: "manual", hold: false, text: "by hand" }],
    progress: { epochs: 1, smoothedPseudoDice: 0.1, bestPseudoDice: 1 / 3 },
    model: new Map([
      ["weight/a", { shape: [values], values: Float32Array.from({ length: values }, (_, i) => Math.fround(i / 3)) }],
      ["momentum/a", { shape: [1, 1], values: Float32Array.of(-0) }],
      ["adam-steps", { shape: [], values: Float32Array.of(7) }],
    ]),
    losses: Array.from({ length: step }, (_, i) => 1 / (i + 3)),
  };
}

test("a checkpoint from before networks had several outputs is read as one with the finest alone", async (t) => {
  const runs = folder(t);
  const now = checkpoint(3, 7);
  const { heads: _, ...before } = now.network as PlainUnet;
  writeCheckpoint(runs, { ...now, network: before as PlainUnet });
  t.deepEqual(await readCheckpoint(runs), now);
});

test("what a checkpoint held comes back to the last bit, and the file is replaced, not added to", async (t) => {
  const runs = folder(t);
  t.is(await readCheckpoint(runs), undefined);
  writeCheckpoint(runs, checkpoint(3, 7));
  t.deepEqual(await readCheckpoint(runs), checkpoint(3, 7));
  const bytes = writeCheckpoint(runs, checkpoint(4, 9));
  t.deepEqual(await readCheckpoint(runs), checkpoint(4, 9));
  t.is(readFileSync(checkpointPath(runs)).length, bytes);
  t.deepEqual(readdirSync(runs), ["checkpoint.safetensors"]);
});

test("the best checkpoint is the same bytes as the latest at its epoch, and stays when that goes on", async (t) => {
  const runs = folder(t);
  writeCheckpoint(runs, checkpoint(3, 7));
  t.is(await readCheckpoint(runs, "best"), undefined);
  writeCheckpoint(runs, checkpoint(4, 7), { isBest: true });
  t.deepEqual(readFileSync(checkpointPath(runs, "best")), readFileSync(checkpointPath(runs)));
  writeCheckpoint(runs, checkpoint(5, 7));
  t.deepEqual(await readCheckpoint(runs, "best"), checkpoint(4, 7));
  t.deepEqual(await readCheckpoint(runs), checkpoint(5, 7));
});

test("a checkpoint from before epochs were validated goes on with the epochs that its steps have ended", async (t) => {
  const runs = folder(t);
  const { progress: _, ...before } = checkpoint(5, 7);
  writeCheckpoint(runs, before as Checkpoint);
  t.deepEqual((await readCheckpoint(runs))?.progress, { epochs: 2 });
});

test("the file is safetensors: length, JSON header of types, shapes and offsets, aligned data without holes", async (t) => {
  const runs = folder(t);
  writeCheckpoint(runs, checkpoint(3, 7));
  const file = readFileSync(checkpointPath(runs));
  const length = Number(file.readBigUInt64LE(0));
  const header = JSON.parse(file.subarray(8, 8 + length).toString());
  t.is((8 + length) % 8, 0);
  t.deepEqual(header["curve/loss"], { dtype: "F64", shape: [3], data_offsets: [0, 24] });
  t.deepEqual(header["weight/a"], { dtype: "F32", shape: [7], data_offsets: [24, 52] });
  t.deepEqual(header["momentum/a"], { dtype: "F32", shape: [1, 1], data_offsets: [52, 56] });
  t.deepEqual(header["adam-steps"], { dtype: "F32", shape: [], data_offsets: [56, 60] });
  t.is(file.length, 8 + length + 60);
  t.is(file.readFloatLE(8 + length + 28), Math.fround(1 / 3));
});

test("any changed byte and any missing end are one clear line that names the file", async (t) => {
  const runs = folder(t);
  writeCheckpoint(runs, checkpoint(3, 7));
  const path = checkpointPath(runs);
  const whole = readFileSync(path);
  const refuses = async (damaged: Buffer) => {
    writeFileSync(path, damaged);
    const error = await t.throwsAsync(readCheckpoint(runs), { name: "PatchstreamError", code: "INPUT_DAMAGED" });
    t.true(error?.message.startsWith(path));
    t.notRegex(error?.message ?? "", /\n/);
  };
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] as number) ^ change;
      // The header ends in spaces to align the data; another blank there says the same.
      if (JSON.stringify(parsed(damaged)) === JSON.stringify(parsed(whole))) return;
      await refuses(damaged);
    }),
    { numRuns: 200 },
  );
  const headerEnd = 8 + Number(whole.readBigUInt64LE(0));
  for (let end = headerEnd - 8; end <= headerEnd; end++) await refuses(whole.subarray(0, end));
  await fc.assert(
    fc.asyncProperty(fc.nat(whole.length - 1), (end) => refuses(whole.subarray(0, end))),
    { numRuns: 50 },
  );
});

/** Header as a value, and the rest of the file as text; undefined where there is no such header. */
function parsed(file: Buffer): unknown {
  const length = Number(file.readBigUInt64LE(0));
  if (length > file.length - 8) return undefined;
  try {
    return [length, JSON.parse(file.subarray(8, 8 + length).toString()), file.subarray(8 + length).toString("hex")];
  } catch {
    return undefined;
  }
}

test("a disk that is full leaves the previous checkpoints as they were and says so in one line", async (t) => {
  const runs = folder(t);
  writeCheckpoint(runs, checkpoint(3, 7));
  const before = readFileSync(checkpointPath(runs));
  const script = `
    import { writeCheckpoint, readCheckpoint } from ${JSON.stringify(new URL("../../../trainer/run-folder/checkpoint.js", import.meta.url).href)};
    const old = await readCheckpoint(process.argv[1]);
    const values = new Float32Array(1 << 20);
    const model = new Map([["weight/a", { shape: [values.length], values }]]);
    try {
      writeCheckpoint(process.argv[1], { ...old, model }, { isBest: true });
    } catch (error) {
      process.stderr.write(error.code + " " + error.message);
      process.exitCode = 7;
    }`;
  // No file may grow beyond 512 KiB: the write then fails half-way, as on a full disk.
  const limited = 'trap "" XFSZ; ulimit -f 512; exec "$0" --input-type=module -e "$1" "$2"';
  const child = spawnSync("bash", ["-c", limited, process.execPath, script, runs], { encoding: "utf8" });
  t.is(child.status, 7, child.stderr);
  t.regex(
    child.stderr,
    /^WRITE_FAILED .*checkpoint-best\.safetensors was not written: it would be longer than the system allows$/,
  );
  t.deepEqual(readFileSync(checkpointPath(runs)), before);
  t.deepEqual(readdirSync(runs), ["checkpoint.safetensors"]);
  t.deepEqual(await readCheckpoint(runs), checkpoint(3, 7));
});
