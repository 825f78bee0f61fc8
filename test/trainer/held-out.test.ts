import { cpSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gunzipSync } from "node:zlib";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { ingest } from "../../loader/index.js";
import type { Channel } from "../../rpc/index.js";
import { ToldCases } from "../../trainer/index.js";
import { patchstreamHere } from "../cli/command.js";
import { writeRawDataset } from "../dataset/write-raw-dataset.js";
import { uniforms } from "./engines/sample-batch.js";
import { fileScope } from "./file-scope.js";
import {
  channelTo,
  collect,
  lastState,
  oneStageRun,
  serving,
  start,
  temporaryFolder,
  trainerIn,
  trainerUnderTest,
  watch,
} from "./processes.js";

interface Shared {
  readonly runs: string;
  readonly trainer: Channel;
}
const test = anyTest as TestFn<Shared>;
const scope = fileScope(test);

test.before("a trainer", async (t) => {
  const runs = temporaryFolder(scope);
  t.context = { runs, trainer: channelTo(scope, await trainerIn(scope, runs)) };
});

/** Z,Y,X. */
const SHAPE = [10, 18, 20] as const;
const HELD_OUT = ["c0", "c1"];
const TRAINED = ["c2", "c3"];

/** Two boxes of `values`, one within the other; the image is as bright as a voxel's place in `values`, on a slanted coarse grid. */
function writeBoxes(
  raw: string,
  values: readonly [background: number, outer: number, inner: number],
  json: Readonly<Record<string, unknown>>,
) {
  const draw = uniforms(3);
  const [depth, height, width] = SHAPE;
  const place = Uint8Array.from({ length: depth * height * width }, (_, i) => {
    const row = Math.floor(i / width);
    const away = Math.max(
      Math.abs(Math.floor(row / height) - 5),
      Math.abs((row % height) - 8),
      Math.abs((i % width) - 9),
    );
    return away <= 2 ? 2 : away <= 5 ? 1 : 0;
  });
  const spacingMm = [3, 1, 0.9];
  const grid = {
    spacingMm,
    sform: [
      [-0.9, 0.01, 0, 12.5],
      [0, 1, -0.02, -7.25],
      [0, 0.02, 3, 30],
    ],
    sformCode: 2,
    qform: { bcd: [0, 0, 1], offset: [12.5, -7.25, 30], sign: -1 },
    units: 10,
  };
  writeRawDataset(raw, {
    ids: [...HELD_OUT, ...TRAINED],
    shape: SHAPE,
    channelNames: ["MRI"],
    image: {
      values: Float32Array.from(place, (at) => 100 * at + 40 * draw()),
      datatype: "float32",
      description: "a name",
      ...grid,
    },
    label: { values: Uint16Array.from(place, (at) => values[at] ?? 0), datatype: "uint16", ...grid },
    json,
  });
}

/** Trains a store of `raw` by a trainer. The run's folder, and the summary that its watcher makes of what it was told. */
async function trained(t: ExecutionContext<Shared>, raw: string): Promise<{ run: string; told: string | undefined }> {
  const store = join(raw, "..", "store");
  await ingest(raw, store, { workers: 1, name: "boxes" });
  const server = await serving(t, "serve", store, "--workers", "1");
  const { runs, trainer } = t.context;
  const data = { dataset: "boxes", split: { train: TRAINED, val: HELD_OUT }, valSteps: 0, stepsPerEpoch: 8 };
  const id = await start(trainer, server, oneStageRun(TRAINED, { data, training: { learningRate: 0.1 } }));
  const events = await collect(watch(trainer, id));
  t.is(lastState(events)?.state, "TRAINING_STATE_DONE", lastState(events)?.message);
  const told = new ToldCases(id);
  for (const event of events) told.add(event);
  return { run: join(runs, id), told: told.summary };
}

for (const { name, values, labels, regions } of [
  {
    name: "label values with gaps, above 255",
    values: [0, 2, 300],
    labels: { background: 0, outer: 2, inner: 300 },
  },
  {
    name: "regions",
    values: [0, 1, 2],
    labels: { background: 0, whole: [1, 2], core: 2 },
    regions: [1, 2],
  },
] as const)
  test.serial(
    `a training leaves the labels of its held-out cases as predict writes them, and nnU-Net's summary of them: ${name}`,
    async (t) => {
      t.timeout(240_000);
      const folder = temporaryFolder(t);
      const raw = join(folder, "raw");
      writeBoxes(raw, values, { labels, ...(regions && { regions_class_order: regions }) });
      const { run, told: toldSummary } = await trained(t, raw);
      const left = join(run, "validation");
      t.deepEqual(readdirSync(left).sort(), ["c0.nii.gz", "c1.nii.gz", "labels.json", "summary.json"]);

      const out = join(folder, "out");
      const images = HELD_OUT.map((id) => join(raw, "imagesTr", `${id}_0000.nii.gz`));
      await patchstreamHere("predict", run, ...images, "--out", out, "--engine", "onnx", "--threads", "1");
      t.deepEqual(readFileSync(join(left, "labels.json")), readFileSync(join(out, "labels.json")));
      for (const file of ["c0.nii.gz", "c1.nii.gz"]) {
        const [packed, wanted] = [readFileSync(join(left, file)), readFileSync(join(out, file))];
        if (trainerUnderTest.otherVoxels === 0) t.deepEqual(packed, wanted, file);
        const [bytes, wantedBytes] = [gunzipSync(packed), gunzipSync(wanted)];
        t.deepEqual(bytes.subarray(0, 352), wantedBytes.subarray(0, 352), `${file}: its header`);
        t.is(bytes.length, wantedBytes.length);
        const differing = bytes.filter((byte, i) => byte !== wantedBytes[i]).length;
        t.true(
          differing <= trainerUnderTest.otherVoxels * SHAPE[0] * SHAPE[1] * SHAPE[2],
          `${file}: ${differing} bytes`,
        );
      }

      const references = join(folder, "references");
      for (const id of HELD_OUT) cpSync(join(raw, "labelsTr", `${id}.nii.gz`), join(references, `${id}.nii.gz`));
      const summary = join(folder, "summary.json");
      await patchstreamHere("evaluate", left, references, "--summary", summary);
      const told = readFileSync(join(left, "summary.json"), "utf8");
      t.is(toldSummary, told.replaceAll(/"[^"]*\/validation\/(c\d).nii.gz"/g, `"${basename(run)}/$1"`));
      t.is(told.replaceAll(/"boxes\/(c\d)"/g, `"${references}/$1.nii.gz"`), readFileSync(summary, "utf8"));
      const { foreground_mean: mean } = JSON.parse(told) as { foreground_mean: { Dice: number } };
      t.true(mean.Dice > 0.3, `it has learnt something to compare: ${mean.Dice}`);
    },
  );
