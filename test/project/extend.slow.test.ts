import { execFile } from "node:child_process";
import { closeSync, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import { connect } from "../../client/index.js";
import { PatchstreamError } from "../../plan/index.js";
import { connectTrainer } from "../../trainer/index.js";
import { type Process, patchstream, sampleStore, serving, temporaryFolder, tinyRun } from "../trainer/processes.js";

const EXAMPLES = fileURLToPath(new URL("../../../examples/extend/", import.meta.url));
const example = (name: string) => join(EXAMPLES, name);

/** The lines that an example prints. */
async function linesOf(name: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [example(name), ...args]);
  return stdout.trimEnd().split("\n");
}

const ends: (() => unknown)[] = [];
const scope = { teardown: (end: () => unknown) => ends.unshift(end) };
let store: string;
let cases: readonly string[];
let data: Process;

test.before(async () => {
  ({ store, cases } = await sampleStore(scope, 5));
  data = await serving(scope, "serve", store, "--port", "0", "--workers", "1");
});
test.after.always(async () => {
  for (const end of ends) await end();
});

test("a curriculum of one's own gives the stages that it lists, and the same batches again", async (t) => {
  const lines = await linesOf("own-curriculum.mjs", data.address);
  const shapes = lines.map((line) => /stage (\d) (\d+)x1x(\d+)x/.exec(line)?.slice(1).map(Number));
  t.deepEqual(
    shapes,
    [
      [8, 128],
      [16, 16],
      [24, 4],
      [32, 2],
      [32, 2],
      [24, 4],
      [16, 16],
    ].flatMap(([size, batch], epoch) => {
      const stage = epoch > 3 ? epoch - 1 : epoch;
      return [0, 1].map(() => [stage, batch, size]);
    }),
  );
  t.deepEqual(await linesOf("own-curriculum.mjs", data.address), lines);
});

test("a sampling of one's own draws the cases that it wants, and the same batches again", async (t) => {
  const [hard = ""] = cases;
  const lines = await linesOf("own-sampling.mjs", store, hard);
  const drawn = lines.flatMap((line) => /cases (\S+)/.exec(line)?.[1]?.split(",") ?? []);
  const times = (id: string) => drawn.filter((one) => one === id).length;
  t.is(drawn.length, 40);
  t.true(times(hard) > Math.max(...cases.slice(1).map(times)), drawn.join());
  t.deepEqual(await linesOf("own-sampling.mjs", store, hard), lines);
});

test("a transform of one's own changes the batch, and the same way again", async (t) => {
  const lines = await linesOf("own-transform.mjs", data.address);
  t.is(lines.length, 3);
  t.deepEqual(await linesOf("own-transform.mjs", data.address), lines);
  await using client = await connect(data.address);
  const spec = { dataset: "Task04_Hippocampus", epochs: 1, stepsPerEpoch: 3, seed: 1 };
  for (const [step, line] of lines.entries()) {
    using batch = await client.getBatch(spec, { step });
    const mean = batch.image.data.reduce((sum, value) => sum + value, 0) / batch.image.data.length;
    const told = Number(/mean (\S+)/.exec(line)?.[1]);
    t.true(told !== mean && Math.abs(told - mean) < 0.3 * (1 + Math.abs(mean)), line);
  }
});

test("a store in a tar file gives the batches of the folder, and its damage is found", async (t) => {
  const folder = temporaryFolder(t);
  const tar = join(folder, "store.tar");
  await promisify(execFile)("tar", ["--format=ustar", "-cf", tar, "-C", store, "."]);
  const run = join(folder, "run.json");
  writeFileSync(run, JSON.stringify({ data: tinyRun(cases).data }));
  const get = async (...flags: string[]) =>
    JSON.parse(
      (await patchstream("get", ...flags, "--run", run, "--step", "5", "--out", join(folder, "batch"), "--json"))
        .stdout,
    );
  const { sha256 } = await get("--store", tar, "--reader", example("tar-reader.mjs"));
  t.is(sha256, (await get("--store", store)).sha256);

  const shard = readFileSync(join(store, cases[0] ?? "", "image", "c.0.0.0.0"));
  const at = readFileSync(tar).indexOf(shard);
  t.true(at > 0);
  const file = openSync(tar, "r+");
  writeSync(file, Buffer.alloc(64, 0xa5), 0, 64, at + 64);
  closeSync(file);
  const error = await t.throwsAsync(patchstream("inspect", tar, "--verify", "--reader", example("tar-reader.mjs")));
  t.regex((error as unknown as Failed).stderr, new RegExp(`store\\.tar, case ${cases[0]}, chunk image`));
});

/** How a command of the shell failed. */
interface Failed {
  readonly code: number;
  readonly stderr: string;
}

test("a module that is no reader, or no engine, is refused in one line that names it", async (t) => {
  const folder = temporaryFolder(t);
  const written = (name: string, code: string) => {
    writeFileSync(join(folder, name), code);
    return join(folder, name);
  };
  for (const [file, reason] of [
    [written("none.mjs", "export const other = 1;"), "it exports no function openReader"],
    [written("empty.mjs", "export const openReader = () => ({});"), "what openReader gives has no get and use"],
    [
      written("sizes.mjs", "export const openReader = () => ({ get() {}, use() {}, reads: { bytes: 0 } });"),
      "what openReader gives has no reads",
    ],
    [written("broken.mjs", "export {"), "it cannot be imported"],
    [join(folder, "absent.mjs"), "it cannot be imported"],
  ] as const) {
    const { code, stderr } = (await t.throwsAsync(
      patchstream("inspect", store, "--reader", file),
    )) as unknown as Failed;
    t.is(code, 1, file);
    t.is(stderr.trimEnd().split("\n").length, 1, stderr);
    t.true(stderr.includes(file) && stderr.includes(reason), stderr);
  }
  for (const [file, reason] of [
    [written("no-engine.mjs", "export const other = 1;"), "it exports no function openEngine"],
    [written("half.mjs", 'export const openEngine = async () => ({ name: "half" });'), "has no name and createModel"],
  ] as const) {
    const args = ["trainer", "--port", "0", "--runs", join(folder, "runs"), "--engine-module", file];
    const { code, stderr } = (await t.throwsAsync(patchstream(...args))) as unknown as Failed;
    t.is(code, 1, file);
    t.true(stderr.includes(file) && stderr.includes(reason), stderr);
  }
});

test("an engine of one's own trains; two engines by turns do as one; a run spec cannot name a module", async (t) => {
  const specOf = (training = {}) => Buffer.from(JSON.stringify(tinyRun(cases, { training })));
  const losses = async (...flags: string[]) => {
    const runs = temporaryFolder(t);
    const { address } = await serving(t, "trainer", "--port", "0", "--threads", "1", "--runs", runs, ...flags);
    await using trainer = connectTrainer(address);
    const module = pathToFileURL(example("two-engines.mjs")).href;
    const sent = trainer.start(specOf({ engine: module }), data.address);
    t.is((await t.throwsAsync(sent, { instanceOf: PatchstreamError })).code, "NOT_FOUND");
    const training = await trainer.start(specOf(), data.address);
    const told: number[] = [];
    let engine = "";
    for await (const event of trainer.watch(training)) {
      if (event.kind === "opened") ({ engine } = event.opened);
      if (event.kind === "step") told.push(event.step.loss);
    }
    return { engine, told };
  };
  const one = await losses("--engine", "onnx");
  t.is(one.told.length, 32);
  process.env.LARGE_ENGINE = "onnx";
  process.env.LARGE_VOXELS = String(4 * 8 * 8); // its third stage is larger
  t.teardown(() => delete process.env.LARGE_ENGINE && delete process.env.LARGE_VOXELS);
  const two = await losses("--engine-module", example("two-engines.mjs"));
  t.is(two.engine, "onnx+onnx");
  t.deepEqual(two.told, one.told);
});
