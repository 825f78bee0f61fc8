import { appendFileSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import test from "ava";
import {
  type LabelImagesOptions,
  type LabelOutcome,
  labelImages,
  type SavedModelsOptions,
  savedModels,
} from "../../predict/index.js";
import { checkpointPath } from "../../trainer/run-folder/checkpoint.js";
import { patchstream, patchstreamHere } from "../cli/command.js";
import { writeNifti } from "../dataset/write-nifti.js";
import {
  type GoldenCase,
  goldenCases,
  goldenLabel,
  readNpz,
  temporaryFolder,
  writeImages,
  writeModel,
} from "./golden-cases.js";

const [oneChannel, , twoChannels] = goldenCases as [GoldenCase, GoldenCase, GoldenCase];

async function outcomesOf(
  models: string[],
  images: string[],
  options: Partial<LabelImagesOptions & SavedModelsOptions> & { out: string },
) {
  const outcomes: LabelOutcome[] = [];
  const all = { overwrite: false, nonfinite: "stop", geometry: "strict", ...options } as const;
  const how = { mirror: false, engine: "onnx", threads: 1, notice: () => undefined, ...options };
  for await (const outcome of labelImages(await savedModels(models, how), images, all)) outcomes.push(outcome);
  return outcomes;
}

const kinds = (outcomes: readonly LabelOutcome[]) => outcomes.map(({ id, kind }) => `${id} ${kind}`);
const failures = (outcomes: readonly LabelOutcome[]) =>
  outcomes.flatMap((one) => (one.kind === "failed" ? [one.error.message] : []));

test("labels that are there are kept with their bytes, the others are made, and no unfinished file is left", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), twoChannels);
  const images = join(folder, "images");
  for (const id of ["a", "b", "c"]) writeImages(images, twoChannels, id);
  const out = join(folder, "out");
  t.deepEqual(kinds(await outcomesOf([model], [join(images, "b_0000.nii.gz")], { out })), ["b labelled"]);
  const before = statSync(join(out, "b.nii.gz"));
  t.deepEqual(kinds(await outcomesOf([model], [images], { out })), ["a labelled", "b kept", "c labelled"]);
  t.is(statSync(join(out, "b.nii.gz")).ino, before.ino);
  t.deepEqual(readdirSync(out).sort(), ["a.nii.gz", "b.nii.gz", "c.nii.gz", "labels.json"]);
  t.deepEqual(readFileSync(join(out, "a.nii.gz")), readFileSync(join(out, "b.nii.gz")), "same image, same bytes");
  t.deepEqual(kinds(await outcomesOf([model], [images], { out, overwrite: true })).slice(1), [
    "b labelled",
    "c labelled",
  ]);
  t.not(statSync(join(out, "b.nii.gz")).ino, before.ino);
});

test("a folder with another model's labels is refused, unless they are to be overwritten", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), twoChannels);
  const other = writeModel(join(folder, "other"), twoChannels, (checkpoint) => ({
    ...checkpoint,
    model: new Map(
      [...checkpoint.model].map(([name, { shape, values }]) => [name, { shape, values: values.map((v) => v / 2) }]),
    ),
  }));
  writeImages(join(folder, "images"), twoChannels, "a");
  const out = join(folder, "out");
  await outcomesOf([model], [join(folder, "images")], { out });
  await t.throwsAsync(outcomesOf([other], [join(folder, "images")], { out }), {
    message: /^--out is ".*"; it must be a folder without labels of other models or settings. /,
  });
  t.deepEqual(kinds(await outcomesOf([other], [join(folder, "images")], { out, overwrite: true })), ["a labelled"]);
});

test("the mean of a model and itself is the model's own label; the label lies where the image lies", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), twoChannels);
  const [image] = writeImages(join(folder, "images"), twoChannels, "a") as [string];
  const out = join(folder, "out");
  await outcomesOf([model, checkpointPath(model)], [image], { out, mirror: true });
  const label = gunzipSync(readFileSync(join(out, "a.nii.gz")));
  t.deepEqual(new Uint8Array(label.subarray(352)), goldenLabel(twoChannels));
  const source = gunzipSync(readFileSync(image));
  for (const [what, start, end] of [
    ["pixdim", 76, 92],
    ["units", 123, 124],
    ["qform and sform", 252, 328],
  ] as const)
    t.deepEqual(label.subarray(start, end), source.subarray(start, end), what);
  t.false(label.subarray(0, 352).includes("patient"), "texts of the image's header stay behind");
});

test("of several models the mean of the logits counts", async (t) => {
  const folder = temporaryFolder(t);
  const golden = goldenCases[1] as GoldenCase;
  const one = writeModel(join(folder, "one"), golden);
  const two = writeModel(join(folder, "two"), golden, (checkpoint) => ({
    ...checkpoint,
    model: new Map(
      [...checkpoint.model].map(([name, { shape, values }]) => [
        name,
        { shape, values: name.includes("seg_layers") ? values.map((v) => -v / 3) : values },
      ]),
    ),
  }));
  const images = writeImages(join(folder, "images"), golden, "a");
  const probabilities: Float32Array[] = [];
  for (const models of [[one], [two], [one, two]]) {
    const out = join(folder, `out${probabilities.length}`);
    await outcomesOf(models, images, { out, probabilities: true });
    probabilities.push(readNpz(join(out, "a.npz")).values);
  }
  const voxels = goldenLabel(golden).length;
  const [ofOne, ofTwo, ofBoth] = probabilities.map((values) =>
    Float64Array.from({ length: voxels }, (_, i) => Math.log((values[voxels + i] as number) / (values[i] as number))),
  ) as [Float64Array, Float64Array, Float64Array];
  const inside = ofOne.findIndex((logit) => Number.isFinite(logit));
  t.true(inside >= 0);
  for (let i = inside; i < voxels; i++) {
    if (!Number.isFinite(ofOne[i])) continue; // outside of the crop
    const mean = ((ofOne[i] as number) + (ofTwo[i] as number)) / 2;
    if (Math.abs(mean - (ofBoth[i] as number)) > 1e-4) t.fail(`voxel ${i}: ${mean}, ${ofBoth[i]}`);
  }
});

test("images that cannot be labelled have a line each, and the others are labelled", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), twoChannels);
  const images = join(folder, "images");
  for (const id of ["good", "lacks", "cut", "odd", "many", "empty"]) writeImages(images, twoChannels, id);
  const file = (name: string) => join(images, name);
  const { shape } = twoChannels;
  writeFileSync(file("lacks_0001.nii.gz"), "");
  writeFileSync(file("cut_0001.nii.gz"), readFileSync(file("cut_0001.nii.gz")).subarray(0, -20));
  writeNifti(file("odd_0001.nii.gz"), { shape: [shape[0], shape[1], 3] });
  appendFileSync(file("many_0002.nii.gz"), "");
  for (const channel of ["empty_0000.nii.gz", "empty_0001.nii.gz"])
    writeNifti(file(channel), { shape, values: new Int16Array(shape[0] * shape[1] * shape[2]) });
  writeNifti(file("plain.nii.gz"), { shape });
  writeFileSync(file("text.nii"), "this is no image");
  const outcomes = await outcomesOf([model], [images, file("gone_0000.nii.gz"), file("notes.txt")], {
    out: join(folder, "out"),
  });
  t.deepEqual(kinds(outcomes.filter(({ kind }) => kind !== "failed")), ["good labelled"]);
  t.deepEqual(
    failures(outcomes).map((message) => message.replaceAll(`${images}/`, "").replace(/\(.*?\)/, "(...)")),
    [
      "cut_0001.nii.gz: its compressed stream is damaged (...); it must be whole",
      "empty_0000.nii.gz: every voxel is 0; it must be an image with content",
      "gone_0000.nii.gz: there is no such file, channel 0 of its image; it must be there: the model takes 0 T1, 1 T2",
      "lacks_0001.nii.gz: it is empty; it must be a NIfTI-1 or NIfTI-2 file",
      "many_0002.nii.gz: it is channel 2 of its image; it must be one of 2, 0 T1, 1 T2: the model's channels",
      "notes.txt: there is no such file; it must be an image, or a folder of images",
      "odd_0001.nii.gz: its size (...) is 16x26x3; it must be 16x26x22, as in odd_0000.nii.gz",
      "plain.nii.gz: the case has 1 channel; it must be 2, as in the model",
      "text.nii: it does not begin with a NIfTI header; it must be a NIfTI-1 or NIfTI-2 file",
    ],
  );
});

test("files with faults that real data has are refused one by one, whichever channel they are", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), twoChannels);
  const images = join(folder, "images");
  const { shape } = twoChannels;
  const whole = writeImages(images, twoChannels, "good").map((file) => gunzipSync(readFileSync(file)));
  /** Image `id`, whose channel is damaged by `change`, and stored as it is. */
  const damage = (id: string, channel: 0 | 1, change: (bytes: Buffer) => Buffer) => {
    for (const [at, bytes] of whole.entries())
      writeFileSync(join(images, `${id}_000${at}.nii`), at === channel ? change(Buffer.from(bytes)) : bytes);
  };
  const set = (write: (bytes: Buffer) => void) => (bytes: Buffer) => {
    write(bytes);
    return bytes;
  };
  damage(
    "complex",
    0,
    set((bytes) => bytes.writeInt16LE(32, 70)),
  );
  damage(
    "huge",
    1,
    set((bytes) => bytes.writeInt16LE(30_000, 42)),
  );
  damage(
    "moved",
    1,
    set((bytes) => bytes.writeFloatLE(400, 292)),
  );
  damage(
    "nowhere",
    0,
    set((bytes) => bytes.fill(0, 280, 292)),
  );
  damage("short", 1, (bytes) => bytes.subarray(0, -1));
  damage(
    "spaced",
    1,
    set((bytes) => bytes.writeFloatLE(7, 80)),
  );
  damage(
    "swapped",
    0,
    set((bytes) => bytes.subarray(0, 352).reverse()),
  );
  damage("zipped", 0, (bytes) => gzipSync(gzipSync(bytes)));
  const values = new Float32Array(shape[0] * shape[1] * shape[2]).fill(1);
  values[77] = Number.NaN;
  for (const channel of [0, 1])
    writeNifti(join(images, `nan_000${channel}.nii`), { shape, values, datatype: "float32" });
  writeNifti(join(images, "four.nii"), { shape: [4, ...shape] });
  mkdirSync(join(images, "folder.nii.gz"));
  writeFileSync(join(images, "pointer.nii.gz"), "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n");
  const outcomes = await outcomesOf([model], [images], { out: join(folder, "out") });
  t.deepEqual(kinds(outcomes.filter(({ kind }) => kind !== "failed")), ["good labelled"]);
  const mm = (text: string) => text.replaceAll(/\d+\.\d{3,}/g, (number) => Number(number).toFixed(2));
  t.deepEqual(
    failures(outcomes).map((message) => mm(message.replaceAll(`${images}/`, ""))),
    [
      "complex_0000.nii: its voxels have NIfTI datatype 32 (complex64); it must be an integer or real type",
      "folder.nii.gz: it is a folder; it must be a file",
      "four.nii: the case has 4 channels; it must be 2, as in the model",
      "huge_0001.nii: 24941696 bytes of voxels are missing; it must be 24960352 bytes long, as its header says",
      "moved_0001.nii: its affine places a voxel 375.0 voxels from where moved_0000.nii has it; it must be within 0.5 voxel, or read with --geometry ignore, which lays voxel on voxel",
      "nan_0000.nii: it holds 1 voxel of NaN or infinity, the first is voxel 77; it must be finite everywhere, or read with --nonfinite zero, which makes them 0",
      "nowhere_0000.nii: its sform lays different voxels on one place; it must be of three axes",
      "pointer.nii.gz: it is a Git LFS pointer, not the file that it stands for; it must be a NIfTI-1 or NIfTI-2 file",
      "short_0001.nii: 1 bytes of voxels are missing; it must be 18656 bytes long, as its header says",
      "spaced_0001.nii: its spacing (Z,Y,X) is 1.60x1.10x7 mm; it must be 1.60x1.10x1.25, as in spaced_0000.nii",
      "swapped_0000.nii: it does not begin with a NIfTI header; it must be a NIfTI-1 or NIfTI-2 file",
      "zipped_0000.nii: it is gzipped twice; it must be a NIfTI-1 or NIfTI-2 file",
    ],
  );
});

test("an image that needs more memory than it may take is refused with both numbers", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), oneChannel);
  const images = writeImages(join(folder, "images"), oneChannel, "a");
  const [refused] = failures(await outcomesOf([model], images, { out: join(folder, "out"), memoryBytes: 2 ** 20 }));
  t.regex(
    refused ?? "",
    /^memory to label .*a_0000.nii.gz, in MiB, is \d+; at most 1 is allowed. Allow more with --memory/,
  );
});

test("an image whose header promises voxels of a kilometre is refused before memory is taken, and the others go on", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), oneChannel);
  const images = join(folder, "images");
  const [huge] = writeImages(images, oneChannel, "a") as [string];
  writeImages(images, oneChannel, "b");
  const file = gunzipSync(readFileSync(huge));
  file.writeInt16LE(0, 252); // qform_code
  file.writeInt16LE(0, 254); // sform_code
  for (const axis of [0, 1, 2]) file.writeFloatLE(1e6, 80 + 4 * axis); // pixdim
  writeFileSync(huge, gzipSync(file));
  const outcomes = await outcomesOf([model], [images], { out: join(folder, "out") });
  t.deepEqual(kinds(outcomes), ["a failed", "b labelled"]);
  t.regex(
    failures(outcomes)[0] ?? "",
    /a_0000.nii.gz: its \S+ voxels of 1000000x1000000x1000000 mm are \S+ values at the spacing of .*; it must be of a spacing/,
  );
});

test("a labels.json that is no record of labels is refused by its name", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), oneChannel);
  const images = writeImages(join(folder, "images"), oneChannel, "a");
  const out = join(folder, "out");
  await outcomesOf([model], images, { out });
  const file = join(out, "labels.json");
  const whole = JSON.parse(readFileSync(file, "utf8"));
  for (const [record, field] of [
    [null, "models"],
    [[], "models"],
    [{ ...whole, models: "all" }, "models"],
    [{ ...whole, labelSet: 7 }, "labelSet.sourceValues"],
    [{ ...whole, labelSet: { ...whole.labelSet, classes: ["liver"] } }, "labelSet.classes[0]"],
  ] as const) {
    writeFileSync(file, JSON.stringify(record));
    const error = await t.throwsAsync(outcomesOf([model], images, { out }));
    t.true(error?.message.startsWith(`${file}: ${field} is `), error?.message);
    const { code, stderr } = await patchstreamHere("evaluate", out, out);
    t.is(code, 1);
    t.true(stderr.includes(`${file}: ${field} is `), stderr);
  }
});

test("a label is never written over its image, and two images do not share one label", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), oneChannel);
  const [inOut] = writeImages(join(folder, "out"), oneChannel, "x") as [string];
  const plain = join(folder, "out", "plain.nii.gz");
  writeFileSync(plain, readFileSync(inOut));
  const twins = ["one", "two"].flatMap((place) => writeImages(join(folder, place), oneChannel, "twin"));
  const outcomes = await outcomesOf([model], [plain, ...twins], { out: join(folder, "out") });
  t.deepEqual(kinds(outcomes), ["plain failed", "twin labelled", "twin failed"]);
  t.regex(
    failures(outcomes)[0] ?? "",
    /plain.nii.gz: its label would be written over it; it must be in another folder than --out$/,
  );
  t.regex(
    failures(outcomes)[1] ?? "",
    /two\/twin_0000.nii.gz: its label would have the name of that of .*one\/twin_0000.nii.gz/,
  );
  t.deepEqual(readFileSync(plain), readFileSync(inOut));
});

test("a model is a training's folder or its checkpoint, whole and of this version", async (t) => {
  const folder = temporaryFolder(t);
  const images = writeImages(join(folder, "images"), oneChannel, "a");
  const out = join(folder, "out");
  const refused = async (model: string, message: RegExp) =>
    t.throwsAsync(outcomesOf([model], images, { out }), { message });
  mkdirSync(join(folder, "empty"));
  await refused(
    join(folder, "empty"),
    /checkpoint.safetensors: there is no such file; it must be a training's folder or its checkpoint$/,
  );
  await refused(
    images[0] as string,
    /a_0000.nii.gz: its header is not whole; it must be a safetensors file that patchstream wrote$/,
  );
  const model = writeModel(join(folder, "run"), oneChannel);
  const bytes = readFileSync(checkpointPath(model));
  bytes[bytes.length - 5] = (bytes.at(-5) as number) ^ 1;
  writeFileSync(join(folder, "flipped.safetensors"), bytes);
  await refused(join(folder, "flipped.safetensors"), /flipped.safetensors: its SHA-256 does not match/);
  const old = writeModel(join(folder, "old"), oneChannel, ({ trainedOn: _, ...checkpoint }) => checkpoint);
  await refused(
    old,
    /it does not say how images were preprocessed; it must be a checkpoint of this version. Go on with its training/,
  );
  const other = writeModel(join(folder, "other"), twoChannels);
  await t.throwsAsync(outcomesOf([model, other], images, { out }), { message: /its channels are not those of .*run/ });
});

test("a model whose data was preprocessed in another way than here is refused by the field that says so", async (t) => {
  const folder = temporaryFolder(t);
  const images = writeImages(join(folder, "images"), oneChannel, "a");
  for (const [kind, name] of [
    ["data", "resample_torch_fornnunet"],
    ["probabilities", "resample_torch_fornnunet"],
  ]) {
    const plans = structuredClone(oneChannel.plans) as { configurations: { "3d_fullres": Record<string, unknown> } };
    plans.configurations["3d_fullres"][`resampling_fn_${kind}`] = name;
    const model = writeModel(join(folder, `${kind}`), { ...oneChannel, plans });
    await t.throwsAsync(outcomesOf([model], images, { out: join(folder, "out") }), {
      message: new RegExp(
        `checkpoint.safetensors: plans.json: configurations.3d_fullres.resampling_fn_${kind} is "${name}"; .*; it must be of a model whose`,
      ),
    });
  }
});

test("the command tells each image on stderr, sums up on stdout, and fails where one failed", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), oneChannel);
  const [image] = writeImages(join(folder, "images"), oneChannel, "a") as [string];
  const out = join(folder, "out");
  const good = await patchstream("predict", model, image, "--out", out, "--no-mirror", "--threads", "1");
  t.is(good.code, 0);
  t.is(good.stdout, `1 image labelled in ${out}\n`);
  t.regex(good.stderr, /^a: \d+\.\d s\n$/);
  const gone = join(folder, "gone.nii.gz");
  const bad = await patchstreamHere("predict", model, image, gone, "--out", out, "--no-mirror", "--json");
  t.is(bad.code, 1);
  const lines = bad.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  t.like(lines, [
    { kind: "kept", image: "a", label: join(out, "a.nii.gz") },
    { kind: "failed", image: "gone", error: { code: "INPUT_DAMAGED", file: gone } },
  ]);
  const nowhere = await patchstreamHere("predict", model, image, "--out", join(image, "sub"));
  t.is(nowhere.code, 1);
  t.regex(
    nowhere.stderr,
    /^patchstream: .*sub was not written: a part of its path is a file, not a folder\. Make room, [^\n]+\n$/,
  );
});

test("names of files with control characters are printed written out: one line an image", async (t) => {
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), oneChannel);
  const images = join(folder, "images");
  const [whole] = writeImages(images, oneChannel, "a") as [string];
  const odd = join(images, "b\n\u001b[2J_0000.nii.gz");
  writeFileSync(odd, gzipSync(Buffer.concat([gunzipSync(readFileSync(whole)), Buffer.alloc(5)])));
  writeFileSync(join(images, "c\rc_0000.nii.gz"), "");
  const out = join(folder, "out");
  const { stderr } = await patchstreamHere(
    "predict",
    model,
    images,
    "--out",
    out,
    "--engine",
    "onnx",
    "--threads",
    "1",
  );
  const isPace = (line: string) => /^\w \(\d of 3\): \d+ %/.test(line); // said after half a minute of silence, on a slow machine
  const lines = stderr
    .trimEnd()
    .split("\n")
    .filter((line) => !isPace(line));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for.
  t.notRegex(lines.join(""), /[\u0000-\u001f]/);
  t.regex(lines[0] ?? "", /^a: /);
  t.true(
    lines[1]?.endsWith(
      "b\\n\\u001b[2J_0000.nii.gz: 5 bytes after the last voxel were passed over: does its header have the right size?",
    ),
  );
  t.true(lines[2]?.startsWith("b\\n\\u001b[2J: "), lines[2]);
  t.regex(lines[3] ?? "", /^patchstream: .*c\\rc_0000.nii.gz: it is empty/);
  t.is(lines.length, 4);
  const evaluated = await patchstreamHere("evaluate", out, images);
  t.is(evaluated.stderr.trimEnd().split("\n").length, 1, evaluated.stderr);
});
