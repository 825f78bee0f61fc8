import { spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import fc from "fast-check";
import { type IngestOptions, ingest, openStore, type Store } from "../../loader/index.js";
import { PatchstreamError } from "../../plan/errors.js";
import { testRounds } from "../rounds.js";
import { writeDistinctCase, writeDistinctCases } from "./distinct-cases.js";
import { temporaryFolder } from "./temporary-folder.js";
import { verifyFolder } from "./verify-folder.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

interface Folders {
  readonly raw: string;
  readonly store: string;
}

type Seeds = Readonly<Record<string, number>>;

const SEEDS: Seeds = { a: 1, b: 2, c: 3 };

async function finished(t: ExecutionContext, seeds: Seeds = SEEDS): Promise<Folders> {
  const folder = temporaryFolder(t);
  const folders = { raw: join(folder, "raw"), store: join(folder, "store") };
  writeDistinctCases(folders.raw, seeds);
  await run(folders);
  return folders;
}

function run({ raw, store }: Folders, options: IngestOptions = {}) {
  return ingest(raw, store, { workers: 1, name: "distinct", ...options });
}

/** Every file of a store and what it holds, but for the lock. */
function contentsOf(store: string): Map<string, string> {
  const files = readdirSync(store, { recursive: true, encoding: "utf8" }).sort();
  return new Map(
    files
      .filter((file) => !file.startsWith(".ingest-lock") && statSync(join(store, file)).isFile())
      .map((file) => [file, readFileSync(join(store, file), "latin1")]),
  );
}

async function imagesOf(store: Store): Promise<Map<string, Float32Array>> {
  const images = new Map<string, Float32Array>();
  for (const { id } of store.dataset.cases) images.set(id, await store.readImage(id));
  return images;
}

/** What would change a finished store, and what the refusal says of it. */
const CHANGES: Record<string, [change: (folders: Folders) => IngestOptions, reason: RegExp]> = {
  "another name": [() => ({ name: "other" }), /It holds the data set "distinct", not "other"/],
  "a file that changed": [
    ({ raw }) => {
      writeDistinctCase(raw, "b", 77);
      return {};
    },
    /Its case b was made of other files/,
  ],
  "a case that went": [
    ({ raw }) => {
      for (const file of ["imagesTr/b_0000.nii.gz", "labelsTr/b.nii.gz"]) rmSync(join(raw, file));
      writeDistinctCases(raw, { a: 1, c: 3 });
      return {};
    },
    /It holds case b \(of 3 cases\), which this ingest does not/,
  ],
  "a case that is left out because it is damaged": [
    ({ raw }) => {
      writeFileSync(join(raw, "imagesTr/b_0000.nii.gz"), "torn");
      return { onError: "skip" };
    },
    /It holds case b \(of 3 cases\), which this ingest does not/,
  ],
  "a case that came": [
    ({ raw }) => {
      writeDistinctCases(raw, { ...SEEDS, d: 4 });
      return {};
    },
    /It lacks case d/,
  ],
  "a case that came, where damaged ones are left out": [
    ({ raw }) => {
      writeDistinctCases(raw, { ...SEEDS, d: 4 });
      return { onError: "skip" };
    },
    /It lacks case d/,
  ],
  "other plans": [
    ({ raw, store }) => {
      const plans = JSON.parse(readFileSync(join(store, "plans.json"), "utf8"));
      plans.configurations["3d_fullres"].batch_size = 7;
      writeFileSync(join(raw, "plans.json"), JSON.stringify(plans));
      return { plans: join(raw, "plans.json") };
    },
    /Its plans.json is another/,
  ],
  "other settings": [
    ({ raw, store }) => {
      const plans = JSON.parse(readFileSync(join(store, "plans.json"), "utf8"));
      plans.configurations["3d_fullres"].normalization_schemes = ["ZScoreNormalization"];
      writeFileSync(join(raw, "plans.json"), JSON.stringify(plans));
      return { plans: join(raw, "plans.json") };
    },
    /Its case a was made with another spacing, axis order or normalisation/,
  ],
  "labels of other names": [
    ({ raw }) => {
      const json = JSON.parse(readFileSync(join(raw, "dataset.json"), "utf8"));
      writeFileSync(join(raw, "dataset.json"), JSON.stringify({ ...json, labels: { background: 0, x: 1, y: 2 } }));
      return {};
    },
    /Its labels are others/,
  ],
};

for (const [what, [change, reason]] of Object.entries(CHANGES)) {
  test(`${what}: a finished store is refused and stays as it is, and --force makes a new generation of it`, async (t) => {
    const folders = await finished(t);
    const before = contentsOf(folders.store);
    const options = change(folders);
    const error = await t.throwsAsync(run(folders, options), { instanceOf: PatchstreamError });
    t.like(error?.facts, { code: "ALREADY_EXISTS", what: "store", name: folders.store });
    t.regex(error?.message ?? "", reason);
    t.regex(error?.message ?? "", /--force/);
    t.deepEqual(contentsOf(folders.store), before);

    const report = await run(folders, { ...options, force: true });
    const fresh = await ingest(folders.raw, `${folders.store}-fresh`, { workers: 1, name: "distinct", ...options });
    t.deepEqual(report, fresh);
    await verifyFolder(folders.store);
    for (const [file, content] of before) if (file !== "zarr.json") t.is(contentsOf(folders.store).get(file), content);
    t.is(contentsOf(folders.store).get("previous.json"), before.get("zarr.json"));
  });
}

test("the same data again, with force or without, changes no byte of a store", async (t) => {
  const folders = await finished(t);
  writeDistinctCase(folders.raw, "b", 9);
  await run(folders, { force: true });
  const before = contentsOf(folders.store);
  for (const force of [false, true]) {
    await run(folders, { force });
    t.deepEqual(contentsOf(folders.store), before);
  }
});

test("a data set ingested into a finished store of another leaves all of its cases", async (t) => {
  const ids = Array.from({ length: 60 }, (_, i) => `case_${i}`);
  const folders = await finished(t, Object.fromEntries(ids.map((id, i) => [id, i])));
  const before = contentsOf(folders.store);
  const other = join(folders.raw, "../other");
  writeDistinctCases(other, { x: 1, y: 2 });
  for (const options of [{}, { name: "other" }])
    await t.throwsAsync(run({ ...folders, raw: other }, options), { message: /already exists/ });
  t.deepEqual(contentsOf(folders.store), before);
  await using store = await openStore(folders.store);
  t.is(store.dataset.cases.length, 60);
});

test("a reader keeps to its generation: the same values after one re-ingest, those or a named case after more", async (t) => {
  const folders = await finished(t);
  await using first = await openStore(folders.store);
  const before = await imagesOf(first);
  for (const [round, seed] of [10, 20, 30].entries()) {
    writeDistinctCase(folders.raw, "b", seed);
    await run(folders, { force: true });
    await using now = await openStore(folders.store);
    t.not(now.dataset.digest, first.dataset.digest);
    t.notDeepEqual(await now.readImage("b"), before.get("b"));
    t.deepEqual(await now.readImage("a"), before.get("a") as Float32Array);
    if (round === 0) t.deepEqual(await imagesOf(first), before);
    else {
      const error = await t.throwsAsync(first.readImage("b"), { instanceOf: PatchstreamError });
      t.like(error?.facts, { code: "STORE_DAMAGED", case: "b" });
    }
    for (const id of ["a", "c"]) t.deepEqual(await first.readImage(id), before.get(id) as Float32Array);
  }
  const kept = readdirSync(folders.store).filter((name) => /^b(~|$)/.test(name));
  t.is(kept.length, 2, "the current generation's and the previous one's");
});

test("going back to the data of the previous generation takes its cases as they are", async (t) => {
  const folders = await finished(t);
  await using first = await openStore(folders.store);
  const madeAt = () => statSync(join(folders.store, "b")).ino;
  const made = madeAt();
  writeDistinctCase(folders.raw, "b", 10);
  await run(folders, { force: true });
  writeDistinctCase(folders.raw, "b", 2);
  t.is((await run(folders, { force: true })).digest, first.dataset.digest);
  t.is(madeAt(), made);
  await verifyFolder(folders.store);
});

test("files are for their owner alone, whatever the process would allow", async (t) => {
  const allow = process.umask(0);
  t.teardown(() => process.umask(allow));
  const folders = await finished(t);
  writeDistinctCase(folders.raw, "b", 9);
  await run(folders, { force: true });
  const entries = readdirSync(folders.store, { recursive: true, encoding: "utf8" });
  t.true(entries.includes("previous.json") && entries.some((name) => name.startsWith(".ingest-lock")));
  for (const entry of [".", ...entries]) {
    const { mode } = statSync(join(folders.store, entry));
    const isFolder = statSync(join(folders.store, entry)).isDirectory();
    t.is((mode & 0o777).toString(8), isFolder ? "700" : "600", entry);
  }
});

test("a re-ingest that is killed anywhere leaves the old generation whole and selected, and the next one goes on", async (t) => {
  const ids = Array.from({ length: 6 }, (_, i) => `case_${i}`);
  const seedsOf = (round: number) => Object.fromEntries(ids.map((id, i) => [id, i < 2 ? i : 100 * round + i]));
  const folders = await finished(t, seedsOf(0));
  const seed = Date.now() % 2 ** 31;
  t.log(`seed ${seed}`);
  const moments = fc.sample(fc.nat(2 * ids.length + 1), { numRuns: testRounds(6), seed });

  let selected = await digestAt(folders.store);
  for (const [round, lines] of moments.entries()) {
    const raw = `${folders.raw}-${round}`;
    writeDistinctCases(raw, seedsOf(round + 1));
    const { digest } = await run({ raw, store: `${raw}-store` });
    const wasKilled = await killAfter([raw, folders.store, "--force", "--name", "distinct", "--workers", "2"], lines);
    const found = await digestAt(folders.store);
    if (wasKilled && lines < 2 * ids.length) t.is(found, selected, `killed after ${lines} lines`);
    else t.true(found === selected || found === digest, `killed after ${lines} lines`);
    await verifyFolder(folders.store);
    const before = madeTimes(folders.store);
    t.is((await run({ raw, store: folders.store }, { force: true })).digest, digest);
    await verifyFolder(folders.store);
    for (const [folder, inode] of madeTimes(folders.store))
      t.is(inode, before.get(folder) ?? inode, `${folder} was whole`);
    t.false(readdirSync(folders.store).some((name) => name.startsWith(".unfinished-")));
    selected = digest;
  }
});

async function digestAt(folder: string): Promise<string> {
  await using store = await openStore(folder);
  return store.dataset.digest;
}

/** Inodes of the case folders: another one where a case was written again. */
function madeTimes(store: string): Map<string, number> {
  const folders = readdirSync(store).filter((name) => existsSync(join(store, name, "locations", "zarr.json")));
  return new Map(folders.map((name) => [name, statSync(join(store, name)).ino]));
}

/** Runs `patchstream ingest` and kills it once it has said so many lines; whether it was still there. */
async function killAfter(args: readonly string[], lines: number): Promise<boolean> {
  const child = spawn(process.execPath, [MAIN, "ingest", ...args], { stdio: ["ignore", "ignore", "pipe"] });
  const exited = once(child, "exit");
  let said = 0;
  if (lines === 0) child.kill("SIGKILL");
  for await (const _line of createInterface(child.stderr)) if (++said === lines) child.kill("SIGKILL");
  const [, signal] = (await exited) as [number | null, string | null];
  return signal === "SIGKILL";
}

test("an ingest killed between the previous record and the new one leaves the old generation selected", async (t) => {
  const folders = await finished(t);
  const before = contentsOf(folders.store);
  const copy = `${folders.store}-copy`;
  cpSync(folders.store, copy, { recursive: true });
  writeDistinctCase(folders.raw, "b", 9);
  await run(folders, { force: true });
  copyFileSync(join(copy, "zarr.json"), join(folders.store, "zarr.json"));
  await verifyFolder(folders.store);
  await run(folders, { force: true });
  for (const [file, content] of before) if (file !== "zarr.json") t.is(contentsOf(folders.store).get(file), content);
  await verifyFolder(folders.store);
});
