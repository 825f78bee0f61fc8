import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { plansOfRun } from "../../loader/dataset/planner/run-plans.js";
import { ingest, ingestPrepared, openStore, type Store, verifyStore } from "../../loader/index.js";
import { resolvePlan } from "../../plan/run-spec/plan-spec.js";
import { networkOf } from "../../trainer/networks/describe.js";
import { copySample } from "../trainer/processes.js";
import { answering, type PreparedStream, prepare } from "./prepared-stream.js";
import { sameBytes } from "./same-bytes.js";
import { temporaryFolder } from "./temporary-folder.js";
import { writeNifti } from "./write-nifti.js";
import { type RawToWrite, writeRawDataset } from "./write-raw-dataset.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

interface Made {
  readonly raw: string;
  readonly store: Store;
  /** Where the prepared form goes. */
  readonly target: string;
  readonly prepared: PreparedStream;
}

/** A prepared data set comes without the headers of its images. */
function withoutHeaders(dataset: Store["dataset"]): Store["dataset"] {
  const cases = dataset.cases.map(({ geometry: { labelHeader: _, ...geometry }, ...one }) => ({ ...one, geometry }));
  return { ...dataset, cases };
}

/** A store of phantoms, and what nnU-Net would hand over of the same. */
async function made(t: ExecutionContext, what: RawToWrite = {}): Promise<Made> {
  const folder = temporaryFolder(t);
  const raw = join(folder, "raw");
  const shape = [16, 18, 20];
  // The first planes are empty, so that the crop has something to take and the label gets a -1.
  const values = Float32Array.from({ length: 16 * 18 * 20 }, (_, i) => (i < 3 * 360 ? 0 : i));
  writeRawDataset(raw, { shape, image: { shape, values, datatype: "float32" }, ...what });
  await ingest(raw, join(folder, "store"), { workers: 0, name: "phantoms" });
  const store = await openStore(join(folder, "store"));
  return { raw, store, target: join(folder, "target"), prepared: await prepare(store, raw) };
}

function first({ cases }: PreparedStream): NonNullable<ReturnType<PreparedStream["cases"]["get"]>> {
  const found = cases.get("phantom_1");
  if (found === undefined) throw new Error("there is no phantom_1");
  return found;
}

async function store(prepared: PreparedStream, target: string, force = false) {
  const { pieces, ask, asked } = answering(prepared);
  return { report: await ingestPrepared(pieces, target, { ask, force }), asked };
}

test("what is handed over is stored voxel for voxel, with locations, geometry and the original label", async (t) => {
  const { store: source, target, prepared } = await made(t);
  prepared.dataset.splits = [{ train: ["phantom_1"], val: ["phantom_2"] }];
  const { report, asked } = await store(prepared, target);
  t.deepEqual(asked, ["phantom_1", "phantom_2"]);
  t.is(report.digest, source.dataset.digest);
  t.deepEqual(report.withoutReference, []);
  await using stored = await openStore(target);
  await verifyStore(stored);
  t.deepEqual(stored.dataset, withoutHeaders(source.dataset));
  t.true(sameBytes(await stored.readReference("phantom_1"), await source.readReference("phantom_1")));
  t.deepEqual(JSON.parse(readFileSync(join(target, "splits_final.json"), "utf8")), prepared.dataset.splits);
});

test("regions and an ignore label come with their own lists of locations", async (t) => {
  const label = {
    shape: [16, 18, 20],
    values: Uint8Array.from({ length: 16 * 18 * 20 }, (_, i) => i % 5),
    datatype: "uint8",
  } as const;
  const labels = { background: 0, whole: [1, 2, 3], core: [2, 3], active: 3, ignore: 4 };
  const {
    store: source,
    target,
    prepared,
  } = await made(t, { label, json: { labels, regions_class_order: [1, 2, 3] } });
  const { report } = await store(prepared, target);
  t.is(report.digest, source.dataset.digest);
  await using stored = await openStore(target);
  t.deepEqual(stored.dataset, withoutHeaders(source.dataset));
  t.is(stored.dataset.cases[0]?.foregroundCounts.length, 4);
});

test("a case that is stored and made of the same is not asked for again; of another it is", async (t) => {
  const { target, prepared } = await made(t);
  const first = await store(prepared, target);
  const again = await store(prepared, target);
  t.deepEqual(again, { report: first.report, asked: [] });
  prepared.dataset.cases = [
    { id: "phantom_1", sha256: "a".repeat(64) },
    { id: "phantom_2", sha256: "b".repeat(64) },
  ];
  await t.throwsAsync(store(prepared, target), {
    code: "ALREADY_EXISTS",
    message: /phantom_2 was made of other files/,
  });
  t.deepEqual((await store(prepared, target, true)).asked, ["phantom_2"]);
});

test("an interrupted hand-over keeps its finished cases and selects nothing", async (t) => {
  const { target, prepared } = await made(t);
  const second = prepared.cases.get("phantom_2");
  prepared.cases.delete("phantom_2");
  await t.throwsAsync(store(prepared, target), { code: "INPUT_DAMAGED", message: /ended early/ });
  await t.throwsAsync(openStore(target), { code: "STORE_DAMAGED" });
  prepared.cases.set("phantom_2", second as NonNullable<typeof second>);
  t.deepEqual((await store(prepared, target)).asked, ["phantom_2"]);
});

test("a label whose file lies elsewhere, or is none that is read here, leaves a case without a reference", async (t) => {
  const { raw, store: source, target, prepared } = await made(t);
  const affine = [1, 0, 0, 3, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
  first(prepared).line.affine = affine;
  const { report } = await store(prepared, target);
  t.deepEqual(report.withoutReference, ["phantom_1"]);
  await using stored = await openStore(target);
  await verifyStore(stored);
  t.deepEqual(stored.dataset.cases[0]?.geometry.affine, affine);
  await t.throwsAsync(stored.readReference("phantom_1"), { message: /no label of case "phantom_1"/ });
  t.true(sameBytes(await stored.readLabel("phantom_1"), await source.readLabel("phantom_1")));
  first(prepared).line.reference = join(raw, "labelsTr/phantom_1.tif");
  t.deepEqual((await store(prepared, `${target}-tif`)).report.withoutReference, ["phantom_1"]);
});

test("a damaged original label is refused", async (t) => {
  const { raw, target, prepared } = await made(t);
  const shape = [16, 18, 20];
  const values = Uint8Array.from({ length: 16 * 18 * 20 }, () => 9);
  writeNifti(join(raw, "labelsTr/phantom_1.nii.gz"), { shape, values, datatype: "uint8" });
  await t.throwsAsync(store(prepared, target), { message: /it holds the label 9; it must be one of 0, 1, 2/ });
  rmSync(join(raw, "labelsTr/phantom_1.nii.gz"));
  await t.throwsAsync(store(prepared, target), { message: /there is no such file/ });
});

const wrong: Record<string, readonly [change: (of: PreparedStream) => void, message: RegExp]> = {
  "an image of NaN": [
    (of) => first(of).arrays[0]?.fill(Number.NaN, 5, 6),
    /phantom_1\.b2nd: its image holds a NaN or infinity; it must be finite/,
  ],
  "a label that dataset.json lacks": [
    (of) => first(of).arrays[1]?.fill(3, 5, 6),
    /its label holds 3; it must be -1 to 2, as in dataset\.json/,
  ],
  "a location outside": [
    (of) => first(of).arrays[2]?.fill(40, 0, 1),
    /a location is 40,.* it must be inside its 13x18x20 voxels/,
  ],
  "a crop outside": [
    (of) => Object.assign(first(of).line, { cropEnd: [17, 18, 20] }),
    /its crop is 3,0,0 to 17,18,20; it must be a box inside 16,18,20/,
  ],
  "another channel count": [
    (of) => Object.assign(first(of).line, { shape: [2, 13, 18, 20] }),
    /case phantom_1\.shape is \[2,13,18,20\]; it must be of 1 channels, as in dataset\.json/,
  ],
  "another case": [
    (of) => Object.assign(first(of).line, { id: "phantom_2" }),
    /case phantom_1\.id is "phantom_2"; it must be "phantom_1", the case that was asked for/,
  ],
  "lists of too few classes": [
    (of) => Object.assign(first(of).line, { locations: [5] }),
    /case phantom_1\.locations is \[5\]; it must be a list of 2 entries/,
  ],
  "labels with a gap": [
    ({ dataset }) => Object.assign(dataset.dataset as object, { labels: { background: 0, first: 1, second: 4 } }),
    /dataset\.json: labels is 4; it must be 2: nnU-Net's labels have no gap/,
  ],
  "a name that would leave the store": [
    ({ dataset }) => Object.assign(dataset, { cases: [{ id: "../x", sha256: "a".repeat(64) }] }),
    /case id is "\.\.\/x"; it must be a file name/,
  ],
  "a case twice": [
    ({ dataset }) =>
      Object.assign(dataset, { cases: [...(dataset.cases as object[]), ...(dataset.cases as object[])] }),
    /data set\.cases is "phantom_1"; it must be listed once/,
  ],
};

for (const [what, [change, message]] of Object.entries(wrong)) {
  test(`${what} is refused, and nothing is left`, async (t) => {
    const { target, prepared } = await made(t);
    change(prepared);
    await t.throwsAsync(store(prepared, target), { message });
    await t.throwsAsync(openStore(target), { code: "STORE_DAMAGED" });
  });
}

test("plans of a residual encoder are taken, and a run with poolings of its own trains what its plans name", async (t) => {
  const { target, prepared } = await made(t);
  const plans = prepared.dataset.plans as { configurations: Record<"3d_fullres", Record<string, unknown>> };
  const configuration = plans.configurations["3d_fullres"];
  const { n_conv_per_stage: _convolutions, ...kwargs } = (
    configuration.architecture as { arch_kwargs: Record<string, unknown> }
  ).arch_kwargs;
  const levels = kwargs.n_stages as number;
  configuration.architecture = {
    network_class_name: "dynamic_network_architectures.architectures.unet.ResidualEncoderUNet",
    arch_kwargs: {
      ...kwargs,
      n_blocks_per_stage: [1, 3, 4, 6, 6, 6].slice(0, levels),
      n_conv_per_stage_decoder: [1, 1, 1, 1, 1].slice(0, levels - 1),
    },
  };
  configuration.resampling_fn_data = "resample_torch_fornnunet";
  const { report } = await store(prepared, target);
  t.is(report.plan.strides?.length, levels);
  t.deepEqual(report.plan.blocks, [1, 3, 4, 6, 6, 6].slice(0, levels));
  t.deepEqual(plansOfRun(plans, report.plan), { ...plans });
  const ofRun = (given: object): Record<string, unknown> => {
    const plan = resolvePlan(given, report.plan, "plan");
    const { configurations } = plansOfRun(plans, plan) as typeof plans;
    t.is(networkOf(plan), "residual-unet");
    return configurations["3d_fullres"].architecture as Record<string, unknown>;
  };
  const own = ofRun({ pooling: [3, 3, 3], patchSize: [16, 16, 16] });
  t.regex(String(own.network_class_name), /ResidualEncoderUNet$/);
  const arch_kwargs = own.arch_kwargs as Record<string, unknown>;
  t.deepEqual(arch_kwargs.n_blocks_per_stage, [1, 3, 4, 6]);
  t.false("n_conv_per_stage" in arch_kwargs);
});

test("the command asks on stdout, takes on stdin, and stores the sample voxel for voxel", async (t) => {
  const folder = temporaryFolder(t);
  const raw = join(folder, "raw");
  copySample(raw, 3);
  await ingest(raw, join(folder, "store"), { workers: 0 });
  await using source = await openStore(join(folder, "store"));
  const { dataset, cases } = await prepare(source, raw);
  const child = spawn(process.execPath, [MAIN, "ingest-prepared", join(folder, "target")]);
  child.stdin.write(`${JSON.stringify(dataset)}\n`);
  let stored: { digest?: string } = {};
  for await (const line of createInterface({ input: child.stdout })) {
    const answer = JSON.parse(line);
    if (answer.stored) stored = answer.stored;
    const one = cases.get(answer.read);
    if (one === undefined) continue;
    child.stdin.write(`${JSON.stringify(one.line)}\n`);
    for (const { buffer, byteOffset, byteLength } of one.arrays)
      child.stdin.write(new Uint8Array(buffer, byteOffset, byteLength));
  }
  if (child.exitCode === null) await once(child, "exit");
  t.is(child.exitCode, 0);
  t.is(stored.digest, source.dataset.digest);
});

test("the command says in one line what is wrong with a program's first line", async (t) => {
  const child = spawn(process.execPath, [MAIN, "ingest-prepared", join(temporaryFolder(t), "target")]);
  child.stdin.write("hello\n"); // and is left open: the command ends all the same
  let errors = "";
  for await (const text of child.stderr) errors += text;
  t.regex(
    errors,
    /^patchstream: the prepared data set: .*hello.*; it must be as docs\/reference\/prepared\.md says\n$/,
  );
});
