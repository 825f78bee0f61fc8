import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type CacheSettings, cacheSettings, DiskCache } from "../../../loader/dataset/cache/disk-cache.js";
import { ReadCounts } from "../../../loader/dataset/remote/read-counts.js";
import { temporaryFolder } from "../temporary-folder.js";

const MIB = 2 ** 20;

function newCache(
  t: ExecutionContext,
  maxBytes = 64 * MIB,
): { cache: DiskCache; folder: string; settings: CacheSettings; another(): DiskCache } {
  const settings = cacheSettings({ folder: join(temporaryFolder(t), "cache"), maxBytes });
  return { cache: new DiskCache(settings), folder: settings.folder, settings, another: () => new DiskCache(settings) };
}

/** All files of a cache, in no order. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test("what was put is there for others too, under its own name only", async (t) => {
  const { cache, another, folder } = newCache(t);
  await cache.put("abc-0", Buffer.from("voxels"));
  t.is(String(await another().get("abc-0")), "voxels");
  t.is(await cache.get("abc-1"), undefined);
  const [file = ""] = filesOf(folder);
  t.is(statSync(file).mode & 0o777, 0o600);
  renameSync(file, file.replace("abc-0", "abc-1"));
  t.is(await cache.get("abc-1"), undefined, "another's content is not taken");
});

test("a file with any damage is as if it were not there, and goes", async (t) => {
  const { cache, folder } = newCache(t);
  const damages: Record<string, (bytes: Buffer) => Uint8Array> = {
    "a bit": (bytes) => bytes.map((byte, at) => (at === 3 ? byte ^ 1 : byte)),
    "its checksum": (bytes) => bytes.map((byte, at) => (at === 1003 ? byte ^ 1 : byte)),
    "its end": (bytes) => bytes.subarray(0, -1),
    "all of it": () => Buffer.alloc(0),
  };
  for (const [what, damage] of Object.entries(damages)) {
    await cache.put("abc-0", Buffer.alloc(1000, 7));
    const [file = ""] = filesOf(folder);
    writeFileSync(file, damage(readFileSync(file)));
    t.is(await cache.get("abc-0"), undefined, what);
    t.deepEqual(filesOf(folder), [], what);
  }
});

test("the least recently used go first, and no more lies there than was allowed", async (t) => {
  const { folder, settings } = newCache(t);
  const counts = new ReadCounts();
  const cache = new DiskCache(settings, counts);
  const piece = Buffer.alloc(MIB - 4, 1);
  await cache.put("aa-kept", piece);
  for (let number = 0; number < 150; number++) {
    await cache.put(`${number % 10}b-${number}`, piece);
    const long = new Date(Date.now() - 1e6 + 1e3 * number);
    for (const file of filesOf(folder).filter((name) => name.endsWith(`-${number}`))) utimesSync(file, long, long);
    t.true((await cache.get("aa-kept")) !== undefined, `after ${number}`);
    const bytes = filesOf(folder).reduce((sum, file) => sum + statSync(file).size, 0);
    t.true(bytes <= 64 * MIB, `${bytes} bytes after ${number}`);
  }
  t.is(await cache.get("0b-0"), undefined);
  t.true((await cache.get("9b-149")) !== undefined);
  t.is(counts.get("cacheHits"), 151);
  t.is(counts.get("cacheMisses"), 1);
  const left = filesOf(folder).reduce((sum, file) => sum + statSync(file).size, 0);
  t.is(counts.get("cacheRemovedBytes"), 151 * MIB - left, "all that was put and is not there");
});

test("where nothing can be written, nothing is kept and nothing fails", async (t) => {
  const { cache, folder } = newCache(t);
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "a file in its place");
  await cache.put("abc-0", Buffer.from("voxels"));
  t.is(await cache.get("abc-0"), undefined);
  await using _claim = await cache.claim("abc-0");
  t.throws(() => cacheSettings({ folder }), { message: /is a file, not a folder|was not written/ });
  t.throws(() => cacheSettings({ folder: `${folder}-2`, maxBytes: 1000 }), {
    message: /cacheBytes is 1000; it must be 67108864/,
  });
});

test("on a disk that is full nothing is left that others would wait for", (t) => {
  const folder = temporaryFolder(t);
  const script = `
    import { claimFile } from ${JSON.stringify(new URL("../../../loader/dataset/cache/claim.js", import.meta.url).href)};
    await claimFile(process.argv[1] + "/.fetching-abc-0");`;
  const limited = 'trap "" XFSZ; ulimit -f 0; exec "$0" --input-type=module -e "$1" "$2"';
  const child = spawnSync("bash", ["-c", limited, process.execPath, script, folder], { encoding: "utf8" });
  t.is(child.stderr, "");
  t.deepEqual(readdirSync(folder), []);
});

test("a second one waits for the first, and takes over from one that is gone", async (t) => {
  const { cache, another, folder } = newCache(t);
  const done: string[] = [];
  const first = await cache.claim("abc-0");
  const second = another()
    .claim("abc-0")
    .then((claim) => {
      done.push("second");
      return claim;
    });
  await cache.put("abc-0", Buffer.from("voxels"));
  done.push("first");
  await first[Symbol.asyncDispose]();
  await using _second = await second;
  t.deepEqual(done, ["first", "second"]);

  mkdirSync(join(folder, "de"), { recursive: true });
  writeFileSync(join(folder, "de", ".fetching-def-0"), "999999999"); // no process has this id
  await using _taken = await cache.claim("def-0");
  t.pass();
});
