import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { connect } from "../../client/connect.js";
import { ingest } from "../../loader/index.js";
import type { Channel } from "../../rpc/index.js";
import { patchstreamHere } from "../cli/command.js";
import { writeRawDataset } from "../dataset/write-raw-dataset.js";
import { uniforms } from "./engines/sample-batch.js";
import { fileScope } from "./file-scope.js";
import {
  caseToLabel,
  channelTo,
  collect,
  lastState,
  oneStageRun,
  predict,
  serving,
  start,
  temporaryFolder,
  trainerIn,
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
const SHAPE = [16, 18, 20] as const;
const CASES = ["c0", "c1", "c2", "c3"];

/** Label 1 in a box around label 2, and 3 in a corner. */
function labelAt(z: number, y: number, x: number): number {
  const within = (margin: number) => [z - 6, y - 7, x - 9].every((distance) => Math.abs(distance) <= 5 - margin);
  if (within(2)) return 2;
  if (within(0)) return 1;
  return z > 12 && y > 13 ? 3 : 0;
}

/** Images of noise, each voxel as bright as `brightness` of its label. */
function writeBoxes(raw: string, labels: object, json: object, brightness: (label: number) => number): void {
  const draw = uniforms(7);
  const [depth, height, width] = SHAPE;
  const values = Float32Array.from({ length: depth * height * width }, (_, i) => {
    const row = Math.floor(i / width);
    return labelAt(Math.floor(row / height), row % height, i % width);
  });
  const image = values.map((label) => 100 * brightness(label) + 40 * draw());
  writeRawDataset(raw, {
    ids: CASES,
    shape: SHAPE,
    channelNames: ["MRI"],
    image: { values: image, datatype: "float32" },
    label: { values, datatype: "uint8" },
    json: { labels, ...json },
  });
}

/** Trains a store of `raw` by a trainer, and labels the case that was held out. */
async function trained(t: ExecutionContext<Shared>, raw: string) {
  const store = join(raw, "..", "store");
  await ingest(raw, store, { workers: 1, name: "boxes" });
  const server = await serving(t, "serve", store, "--workers", "1");
  const { runs, trainer } = t.context;
  const half = { dataset: "boxes", split: { train: CASES.slice(1), val: ["c0"] }, stepsPerEpoch: 8, valSteps: 1 };
  const run = oneStageRun(CASES, { data: half, training: { learningRate: 0.1 } });
  const id = await start(trainer, server, run);
  const events = await collect(watch(trainer, id));
  t.is(lastState(events)?.state, "TRAINING_STATE_DONE", lastState(events)?.message);
  const label = await predict(trainer, [caseToLabel({ training: id, case: "c0" })]);
  await using client = connect(server.address);
  const reference = await client.readReference("c0");
  const evaluated = events.flatMap((event) => (event.kind === "evaluated" ? [event.evaluated.classes] : []));
  const epochs = events.flatMap((event) => (event.kind === "epoch" ? [event.epoch] : []));
  const model = join(runs, id);
  return { label, reference, classes: evaluated[0] ?? [], lastEpoch: epochs.at(-1), model };
}

const dice = (label: Uint8Array, reference: Int16Array, values: readonly number[], ignored = -1): number => {
  let [both, either] = [0, 0];
  for (const [voxel, predicted] of label.entries()) {
    const wanted = reference[voxel] ?? 0;
    if (wanted === ignored) continue;
    const [p, r] = [values.includes(predicted), values.includes(wanted)];
    either += Number(p) + Number(r);
    both += Number(p && r);
  }
  return (2 * both) / either;
};

test.serial("a data set with regions is trained, labelled and evaluated by region", async (t) => {
  t.timeout(240_000);
  const raw = join(temporaryFolder(t), "raw");
  const labels = { background: 0, whole: [1, 2], core: 2, corner: 3 };
  writeBoxes(raw, labels, { regions_class_order: [1, 2, 3] }, (label) => label);
  const { label, reference, classes, lastEpoch } = await trained(t, raw);
  for (const told of [classes, lastEpoch?.pseudoDice ?? []])
    t.deepEqual(
      told.map((one) => [one.class, one.name]),
      [
        [1, "whole"],
        [2, "core"],
        [3, "corner"],
      ],
    );
  t.true((lastEpoch?.pseudoDice[0]?.dice ?? 0) > 0.5, `${lastEpoch?.pseudoDice[0]?.dice}`);
  const wanted = [[1, 2], [2], [3]].map((values) => dice(label, reference, values));
  t.deepEqual(
    classes.map((one) => one.dice),
    wanted,
  );
  t.true((wanted[0] ?? 0) > 0.5, `${wanted}`);
});

test.serial("voxels of the ignore label teach a network nothing, and count in no evaluation", async (t) => {
  t.timeout(240_000);
  const raw = join(temporaryFolder(t), "raw");
  // What nobody has labelled looks like the class.
  writeBoxes(raw, { background: 0, a: 1, b: 2, ignore: 3 }, {}, (label) => (label === 3 ? 2 : label));
  const { label, reference, classes } = await trained(t, raw);
  const wanted = [1, 2].map((value) => dice(label, reference, [value], 3));
  t.deepEqual(
    classes.map((one) => one.dice),
    wanted,
  );
  t.true((wanted[1] ?? 0) > 0.5, `${wanted}`);
  const ignored = [...label].filter((_, voxel) => reference[voxel] === 3);
  t.true(ignored.filter((value) => value === 2).length > ignored.length / 4, "it is labelled as what it looks like");
});

test.serial(
  "regions and an ignore label in one data set: trained, validated, evaluated, labelled and scored by region",
  async (t) => {
    t.timeout(240_000);
    const folder = temporaryFolder(t);
    const raw = join(folder, "raw");
    const labels = { background: 0, whole: [1, 2], core: 2, ignore: 3 };
    // What nobody has labelled looks like the core.
    writeBoxes(raw, labels, { regions_class_order: [1, 2] }, (label) => (label === 3 ? 2 : label));
    const { label, reference, classes, lastEpoch, model } = await trained(t, raw);
    const names = [
      [1, "whole"],
      [2, "core"],
    ];
    for (const told of [classes, lastEpoch?.pseudoDice ?? []])
      t.deepEqual(
        told.map((one) => [one.class, one.name]),
        names,
      );
    const wanted = [[1, 2], [2]].map((values) => dice(label, reference, values, 3));
    t.deepEqual(
      classes.map((one) => one.dice),
      wanted,
    );
    t.true(Math.min(...wanted) > 0.5, `${wanted}`);
    const ignored = [...label].filter((_, voxel) => reference[voxel] === 3);
    t.true(ignored.filter((value) => value === 2).length > ignored.length / 4, "it is labelled as what it looks like");

    // From the raw image to the same label, and to the same scores.
    const out = join(folder, "out");
    await patchstreamHere("predict", model, join(raw, "imagesTr", "c0_0000.nii.gz"), "--out", out, "--engine", "onnx");
    const { stdout } = await patchstreamHere(
      "evaluate",
      out,
      join(raw, "labelsTr"),
      "--partial",
      "--no-surface",
      "--dataset",
      join(raw, "dataset.json"),
      "--json",
    );
    const scores: { readonly classes: readonly { readonly name: string; readonly dice: number }[] } =
      JSON.parse(stdout);
    t.deepEqual(
      scores.classes.map((one) => [one.name, one.dice]),
      names.map(([, name], at) => [name, wanted[at]]),
    );
  },
);
