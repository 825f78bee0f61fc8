import { renameSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { connect } from "../../client/connect.js";
import { checkName } from "../../loader/dataset/raw/list-cases.js";
import { ingest, openStore, verifyStore } from "../../loader/index.js";
import { serve } from "../../loader/server/serve.js";
import { PatchstreamError } from "../../plan/errors.js";
import { temporaryFolder } from "./temporary-folder.js";
import { writeRawDataset } from "./write-raw-dataset.js";

/** What nnU-Net's users call their cases, by the order of their code points. */
const names = ["#1 (2nd)", "-pre", "50%~x", "case_001", "o'hara, k", "Übung 2", "患者_1"];
/** "Ü" as U and an accent, as some file systems write it. */
const decomposed = "U\u0308bung 2";

test("cases are called as their files are: spaces, accents, quotes, from the raw folder to the wire", async (t) => {
  const folder = temporaryFolder(t);
  const [raw, path] = [join(folder, "raw"), join(folder, "store")];
  writeRawDataset(raw, { ids: names });
  for (const place of ["imagesTr", "labelsTr"]) {
    const ending = place === "imagesTr" ? "_0000.nii.gz" : ".nii.gz";
    renameSync(join(raw, place, `Übung 2${ending}`), join(raw, place, `${decomposed}${ending}`));
  }
  t.deepEqual((await ingest(raw, path, { workers: 0 })).cases, names);
  const store = await openStore(path);
  await verifyStore(store);
  await using server = await serve(store, { workers: 1, volumeBudgetBytes: 64 << 20, slotBudgetBytes: 32 << 20 });
  await using client = connect(server.address);
  const dataset = await client.describeDataset();
  t.deepEqual(
    dataset.cases.map(({ id }) => id),
    names,
  );
  const split = { train: names.slice(1), val: names.slice(0, 1) };
  const plan = { patchSize: [4, 4, 4], batchSize: 20, pooling: [1, 1, 1] } as const;
  const spec = { dataset: dataset.name, split, plan, epochs: 1, stepsPerEpoch: 2, augmentation: "none" } as const;
  const batch = await client.getBatch(spec, { step: 0 });
  t.true(batch.samples.every((sample) => split.train.includes(sample.case)));
  t.true(new Set(batch.samples.map((sample) => sample.case)).size > 3);
});

test("two spellings of one name are one case listed twice", async (t) => {
  const raw = join(temporaryFolder(t), "raw");
  writeRawDataset(raw, { ids: ["Übung 2", decomposed] });
  await t.throwsAsync(ingest(raw, join(raw, "../store")), { message: /case Übung 2 is listed twice/ });
});

const refused: Record<string, string> = {
  "that is empty": "",
  "that leaves the store": "../a",
  "with a separator": "a\\b",
  "that begins with a dot": ".a",
  "that is a dot": ".",
  "that begins with a space": " a",
  "that ends with a space": "a\u00A0",
  "with a line feed": "a\nb",
  "with a control character": "a\x1Bb",
  "with an invisible letter": "a\u200Bb",
  "that turns the direction of text": "a\u202Eb",
  "whose file name is not UTF-8": "a\uFFFDb",
  "beyond U+FFFF": "a\u{1F600}",
  "with half of a letter": "a\uD800",
  "like a folder of a later generation": "a~2",
  "of the store's record": "zarr.json",
  "of the record before": "previous.json",
  "of 201 bytes": `${"ü".repeat(100)}a`,
};

for (const [what, name] of Object.entries(refused)) {
  test(`a name ${what} is refused`, (t) => {
    const error = t.throws(() => checkName("case id", name), { instanceOf: PatchstreamError });
    t.is(error?.code, "SPEC_INVALID");
  });
}

test("a name of 200 bytes becomes a folder", async (t) => {
  const raw = join(temporaryFolder(t), "raw");
  const long = "ü".repeat(100);
  writeRawDataset(raw, { ids: [long] });
  t.deepEqual((await ingest(raw, join(raw, "../store"), { workers: 0 })).cases, [long]);
});
