import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/index.js";
import { ingest, openStore, verifyStore } from "../../loader/index.js";
import { serve } from "../../loader/server/serve.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { DataSpecInput } from "../../plan/run-spec/data-spec.js";
import { temporaryFolder } from "./temporary-folder.js";
import { writeDatasetJson, writeRawDataset } from "./write-raw-dataset.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const IDS = ["a", "b", "c", "d", "e", "f"];

interface Folders {
  readonly raw: string;
  readonly store: string;
}

/** Six labelled cases, of which two lose their label: `f` in imagesTr, and `e`, which moves to imagesTs. */
function partlyLabelled(t: ExecutionContext): Folders {
  const folder = temporaryFolder(t);
  const raw = join(folder, "raw");
  writeRawDataset(raw, { ids: IDS, shape: [16, 16, 16] });
  rmSync(join(raw, "labelsTr/f.nii.gz"));
  rmSync(join(raw, "labelsTr/e.nii.gz"));
  mkdirSync(join(raw, "imagesTs"));
  renameSync(join(raw, "imagesTr/e_0000.nii.gz"), join(raw, "imagesTs/e_0000.nii.gz"));
  return { raw, store: join(folder, "store") };
}

/** The images of a folder alone, beside it. */
function imagesOnly(raw: string): string {
  const alone = `${raw}-images`;
  mkdirSync(alone);
  cpSync(join(raw, "imagesTr"), join(alone, "imagesTs"), { recursive: true });
  cpSync(join(raw, "dataset.json"), join(alone, "dataset.json"));
  return alone;
}

async function served(t: ExecutionContext, store: string) {
  const server = await serve(store, { workers: 1, volumeBudgetBytes: 64 << 20, slotBudgetBytes: 32 << 20 });
  const client = connect(server.address);
  t.teardown(async () => {
    await client[Symbol.asyncDispose]();
    await server.drain();
  });
  return client;
}

const small = {
  plan: { patchSize: [8, 8, 8], batchSize: 2, pooling: [1, 1, 1] },
  epochs: 1,
  stepsPerEpoch: 2,
  valSteps: 1,
} as const;

test("images without a label are stored, said to be so, and change nothing of the labelled cases", async (t) => {
  const { raw, store } = partlyLabelled(t);
  const report = await ingest(raw, store, { workers: 0, unlabelled: true });
  t.deepEqual(report.cases, IDS);
  t.deepEqual(report.unlabelled, ["e", "f"]);
  rmSync(join(raw, "imagesTr/f_0000.nii.gz"));
  const four = await ingest(raw, `${store}-4`, { workers: 0, unlabelled: false, name: "raw" }).catch((error) => error);
  t.regex(`${four}`, /numTraining is 6/);
  const labelled = join(raw, "../labelled");
  writeRawDataset(labelled, { ids: IDS.slice(0, 4), shape: [16, 16, 16] });
  await ingest(labelled, `${store}-4`, { workers: 0, name: "raw" });
  t.is(readFileSync(join(store, "plans.json"), "utf8"), readFileSync(join(`${store}-4`, "plans.json"), "utf8"));
  await using opened = await openStore(store);
  await using plain = await openStore(`${store}-4`);
  t.deepEqual(opened.dataset.cases.slice(0, 4), plain.dataset.cases);
  t.deepEqual(
    opened.dataset.cases.map((one) => one.unlabelled),
    [undefined, undefined, undefined, undefined, true, true],
  );
  await verifyStore(opened);
  await t.throwsAsync(opened.readReference("e"), { message: /no label of case "e"/ });
});

test("a server tells them, serves their images, and no run may draw from them", async (t) => {
  const { raw, store } = partlyLabelled(t);
  await ingest(raw, store, { workers: 0, unlabelled: true });
  const client = await served(t, store);
  const { cases } = await client.describeDataset();
  t.deepEqual(
    cases.map((one) => one.unlabelled),
    [false, false, false, false, true, true],
  );
  t.deepEqual(await client.readImage("e"), await client.readImage("a"));
  for (const read of [client.readLabel("e"), client.readReference("e")]) {
    await t.throwsAsync(read, { code: "NOT_FOUND", message: /no label of case "e"/ });
  }
  const run = (split: NonNullable<DataSpecInput["split"]>) => client.openRun({ dataset: "raw", ...small, split });
  await using all = await run({ folds: 2 });
  t.deepEqual([...all.info.spec.split.train, ...all.info.spec.split.val].sort(), ["a", "b", "c", "d"]);
  await using grouped = await run({ folds: 2, groups: [["a", "b", "f"]] });
  t.deepEqual([...grouped.info.spec.split.train, ...grouped.info.spec.split.val].sort(), ["a", "b", "c", "d"]);
  await using listed = await run({ train: ["a", "b"], val: ["c", "d"] });
  t.deepEqual(listed.info.spec.split.val, ["c", "d"]);
  await t.throwsAsync(run({ train: ["a", "b", "c", "f"], val: ["d"] }), {
    code: "SPEC_INVALID",
    message: /data.split.train\[3\] is "f"; it must be a case with a label; it has none, and is there for prediction/,
  });
  await t.throwsAsync(run({ train: ["a", "b", "c", "d"], val: ["e"] }), { message: /data.split.val\[0\] is "e"/ });
});

test("images alone need the plans of the model's store, and then serve no run", async (t) => {
  const { raw, store } = partlyLabelled(t);
  await ingest(raw, `${store}-trained`, { workers: 0, unlabelled: true });
  const alone = imagesOnly(raw);
  const options = { workers: 0, unlabelled: true, name: "raw" };
  const error = await t.throwsAsync(ingest(alone, store, options), { instanceOf: PatchstreamError });
  t.regex(error?.message ?? "", /plans is missing; it must be given with --plans: .* No case has a label/);
  const report = await ingest(alone, store, { ...options, plans: join(`${store}-trained`, "plans.json") });
  t.deepEqual(report.unlabelled, ["a", "b", "c", "d", "f"]);
  await using opened = await openStore(store);
  await verifyStore(opened);
  const client = await served(t, store);
  await using trained = await openStore(`${store}-trained`);
  t.deepEqual(await client.readImage("a"), await trained.readImage("a"));
  await t.throwsAsync(client.openRun({ dataset: "raw", ...small }), {
    code: "SPEC_INVALID",
    message: /data.split .* cases with a label\. The data set has none: a and all others/,
  });
});

test("without --unlabelled nothing has changed: a missing label is refused", async (t) => {
  const { raw, store } = partlyLabelled(t);
  rmSync(join(raw, "imagesTs"), { recursive: true });
  await t.throwsAsync(ingest(raw, store, { workers: 0 }), { message: /numTraining is 6; it must be 5/ });
});

test("a second ingest keeps unlabelled cases, and makes them again when their label has come", async (t) => {
  const { raw, store } = partlyLabelled(t);
  const first = await ingest(raw, store, { workers: 0, unlabelled: true });
  t.is((await ingest(raw, store, { workers: 0, unlabelled: true })).digest, first.digest);
  cpSync(join(raw, "labelsTr/a.nii.gz"), join(raw, "labelsTr/f.nii.gz"));
  await t.throwsAsync(ingest(raw, store, { workers: 0, unlabelled: true }), { code: "ALREADY_EXISTS" });
  const second = await ingest(raw, store, { workers: 0, unlabelled: true, force: true });
  t.deepEqual(second.unlabelled, ["e"]);
  t.not(second.digest, first.digest);
});

test("inspect shows which cases have no label", async (t) => {
  const { raw, store } = partlyLabelled(t);
  await ingest(raw, store, { workers: 0, unlabelled: true });
  const inspect = (...more: string[]) => promisify(execFile)(process.execPath, [MAIN, "inspect", store, ...more]);
  t.regex((await inspect()).stdout, /\ne {2}1x16x16x16 .* mm {2}unlabelled\nf .* unlabelled\n$/);
  t.regex((await inspect("--case", "e")).stdout, /label {7}none: for prediction only/);
});

test("of a data set that lists its cases, those of `test` and those without a label are stored with --unlabelled", async (t) => {
  const { raw, store } = partlyLabelled(t);
  await ingest(raw, store, { workers: 0, unlabelled: true });
  const image = (id: string) => `./${id === "e" ? "imagesTs" : "imagesTr"}/${id}_0000.nii.gz`;
  const label = (id: string) => `./labelsTr/${id}.nii.gz`;
  const labelled = IDS.filter((id) => id !== "e" && id !== "f");
  // MSD's images have the names of their cases; nnU-Net v1's carry the channel beside them.
  const v1 = (id: string) => image(id).replace("_0000", "");
  const lists = {
    dataset: {
      dataset: Object.fromEntries(
        IDS.map((id) => [id, { images: [image(id)], ...(labelled.includes(id) && { label: label(id) }) }]),
      ),
    },
    training: {
      training: labelled.map((id) => ({ image: v1(id), label: label(id) })),
      test: [v1("e"), v1("f")],
    },
  };
  const written = JSON.parse(readFileSync(join(raw, "dataset.json"), "utf8"));
  for (const [key, list] of Object.entries(lists)) {
    writeDatasetJson(raw, { ...written, ...list });
    const report = await ingest(raw, `${store}-${key}`, { workers: 0, unlabelled: true });
    t.deepEqual(report.unlabelled, ["e", "f"], key);
    t.is(report.digest, (await openStore(store)).dataset.digest, key);
  }
  // A label that the list names must be there: a slip in a path makes no case an unlabelled one.
  rmSync(join(raw, "labelsTr/a.nii.gz"));
  await t.throwsAsync(ingest(raw, `${store}-slip`, { workers: 0, unlabelled: true }), {
    message: /labelsTr\/a\.nii\.gz: there is no such file/,
  });
  writeDatasetJson(raw, { ...written, ...lists.dataset });
  await t.throwsAsync(ingest(raw, `${store}-labelled`, { workers: 0 }), { message: /dataset\.e\.label is missing/ });
});
