import { createHash } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import anyTest, { type ExecutionContext, type TestFn } from "ava";
import { type ReadCount, ReadCounts } from "../../../loader/dataset/remote/read-counts.js";
import type { Store } from "../../../loader/dataset/store.js";
import { ingest, openEngine, openStore, verifyStore } from "../../../loader/index.js";
import { caseTable, PatchstreamError, planBatch, resolveSpec } from "../../../plan/index.js";
import { closedPort } from "../../closed-port.js";
import { sameBytes } from "../same-bytes.js";
import { shardOf } from "../shard-of.js";
import { temporaryFolder } from "../temporary-folder.js";
import { writeRawDataset } from "../write-raw-dataset.js";
import { type FileServer, serveFiles } from "./file-server.js";

const test = anyTest as TestFn<{ folder: string; store: string }>;
type Context = ExecutionContext<{ folder: string; store: string }>;

/** An image is more than one read of a remote store. */
const SHAPE = [40, 128, 128] as const;
const IDS = ["a", "b", "c d"];

test.before(async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-remote-"));
  const store = join(folder, "store");
  writeRawDataset(join(folder, "raw"), { ids: IDS, shape: SHAPE });
  await ingest(join(folder, "raw"), store, { workers: 0, name: "Phantom" });
  t.context = { folder, store };
});

test.after.always((t) => rmSync(t.context.folder, { recursive: true, force: true }));

/** A server of the store: what it sends instead may be set. */
const served = (t: Context): Promise<FileServer> => serveFiles(t, t.context.store);

const HASTE = { patience: { firstDelayMs: 1, silenceMs: 5_000 } };

test("a server that never ends its answer is left: a whole file is refused, a part is taken", async (t) => {
  const server = await served(t);
  server.instead = ({ range }, response) => {
    if (range !== undefined) return false;
    endless(response, "[");
    return true;
  };
  await t.throwsAsync(openStore(server.address, HASTE), { code: "UNAVAILABLE", message: /zarr\.json: .* MiB/ });

  const kept = await batchesOf(t.context.store, 2 ** 28);
  server.instead = ({ path, range }, response) => {
    const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(range ?? "") ?? [];
    if (first === undefined || last === undefined) return false;
    const bytes = readFileSync(join(t.context.store, path));
    const end = Math.min(bytes.length, Number(last) + 1);
    response.writeHead(206, { "content-range": `bytes ${first}-${end - 1}/${bytes.length}` });
    response.write(bytes.subarray(Number(first), end));
    endless(response, " ");
    return true;
  };
  t.deepEqual(await batchesOf(server.address, 2 ** 28), kept);
});

/** Sends `character` until nobody takes it. */
function endless(response: ServerResponse, character: string): void {
  const piece = Buffer.alloc(2 ** 20, character);
  const send = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on("drain", send);
  send();
}

/** SHA-256 of some batches of a run on the store at `place`; volumes that find no room are read by region. */
async function batchesOf(place: string, volumeBudgetBytes: number): Promise<string[]> {
  await using store = await openStore(place, HASTE);
  await using engine = await openEngine(store, { workers: 1, slotBudgetBytes: 2 ** 25, volumeBudgetBytes });
  const cases = caseTable(store.dataset);
  const data = {
    dataset: "Phantom",
    split: { fold: "all" },
    plan: { patchSize: [16, 32, 32], batchSize: 2, pooling: [2, 3, 3] },
    mode: "performance",
    augmentation: "nnunet",
  };
  const spec = resolveSpec(data, { ...store.dataset, cases });
  const digests: string[] = [];
  for (const step of [0, 1, 2, 200_000]) {
    const stage = step === 0 ? 0 : spec.stages.length - 1;
    const lease = await engine.cut(spec, planBatch(spec, cases, { timeline: "train", step, stage }));
    digests.push(createHash("sha256").update(lease.bytes).digest("hex"));
    lease.release();
  }
  return digests;
}

test("batches of a store behind HTTP are those of the same store in a folder, from volumes and from regions", async (t) => {
  const server = await served(t);
  const expected = await batchesOf(t.context.store, 2 ** 28);
  for (const volumeBudgetBytes of [2 ** 28, 2 ** 21])
    t.deepEqual(await batchesOf(server.address, volumeBudgetBytes), expected);
});

test("a remote store verifies, and is called by its address without a query", async (t) => {
  const server = await served(t);
  await using store = await openStore(`${server.address}/?sig=secret`, HASTE);
  t.is(store.path, server.address);
  await verifyStore(store);
  t.true(server.asked.length > 0);
});

test("neighbouring chunks are read in few requests", async (t) => {
  const server = await served(t);
  await using store = await openStore(server.address, HASTE);
  const before = server.asked.length;
  await store.readImage("a");
  const image = server.asked.slice(before).map(({ path, range }) => `${path.split("/").at(-1)} ${range}`);
  t.is(image.length, 3, image.join("; ")); // the index, and 2.6 MB in parts of 2 MiB; its zarr.json is known
});

test("passing failures are borne: 500, 503 with Retry-After, 429, dropped connections, answers that are cut", async (t) => {
  const server = await served(t);
  const faults = [500, 503, 429, "drop", "cut", "cut"] as const;
  let cuts = 0;
  server.instead = ({ before, path, range }, response) => {
    const fault = before % 2 === 0 ? faults[(before / 2) % faults.length] : undefined;
    if (fault === undefined) return false;
    if (fault === "drop") response.destroy();
    else if (fault === "cut") {
      if (range === undefined || range.startsWith("bytes=-")) return false;
      sendCut(join(t.context.store, path), range, response);
      cuts++;
    } else response.writeHead(fault, { "retry-after": "0" }).end();
    return true;
  };
  await using store = await openStore(server.address, HASTE);
  await verifyStore(store);
  t.true(cuts > 0);
});

/** Sends a third of the range, and breaks off. */
function sendCut(file: string, range: string, response: ServerResponse): void {
  const [first, last] = range.replace("bytes=", "").split("-").map(Number) as [number, number];
  const bytes = readFileSync(file);
  const end = Math.min(last + 1, bytes.length);
  response.writeHead(206, {
    "content-length": end - first,
    "content-range": `bytes ${first}-${end - 1}/${bytes.length}`,
  });
  response.write(bytes.subarray(first, first + Math.ceil((end - first) / 3)), () => response.destroy());
}

test("what was read before an answer was cut is not asked for again", async (t) => {
  const server = await served(t);
  await using store = await openStore(server.address, HASTE);
  let cut: string | undefined;
  server.instead = ({ path, range }, response) => {
    if (cut !== undefined || range === undefined || range.startsWith("bytes=-")) return false;
    cut = range;
    sendCut(join(t.context.store, path), range, response);
    return true;
  };
  await store.readImage("a");
  const [first, last] = (cut ?? "").replace("bytes=", "").split("-").map(Number) as [number, number];
  const again = server.asked.filter(({ range }) => range?.endsWith(`-${last}`)).at(-1)?.range ?? "";
  const from = Number(/bytes=(\d+)-/.exec(again)?.[1]);
  t.true(from > first && from <= last, again);
});

test("a server that falls silent, dies, refuses or knows no ranges is named in one line", async (t) => {
  const server = await served(t);
  const failing = async (instead: FileServer["instead"], silenceMs = 10_000) => {
    server.instead = () => false;
    const patience = { firstDelayMs: 1, attempts: 3, silenceMs };
    await using store = await openStore(server.address, { patience });
    server.instead = instead;
    return await t.throwsAsync(async () => store.readImage("a"), { instanceOf: PatchstreamError });
  };
  const silent = await failing(() => true, 1500);
  t.is(silent.message, `${server.address}: /a/image/c.0.0.0.0: its server was silent for 1500 ms, 3 times`);
  t.is(silent.code, "UNAVAILABLE");

  const dead = await failing((_, response) => Boolean(response.destroy()));
  t.regex(dead.message, /^http:\/\/127[^ ]+: \/a\/image\/c.0.0.0.0: no connection to 127[^ ]+ \(.+\), 3 times$/);

  const refused = await failing((_, response) => Boolean(response.writeHead(403).end()));
  t.regex(
    refused.message,
    /: \/a\/image\/c.0.0.0.0: its server answered 403 Forbidden. .*PATCHSTREAM_STORE_AUTHORIZATION/,
  );

  const whole = await failing(({ path, range }, response) => {
    if (range === undefined) return false;
    return Boolean(response.writeHead(200).end(readFileSync(join(t.context.store, path))));
  });
  t.is(whole.code, "UNSUPPORTED");
  t.regex(
    whole.message,
    /\/a\/image\/c\.0\.0\.0\.0 without range requests is not supported; it must be a server that sends parts/,
  );

  const elsewhere = await failing(
    ({ path }, response) => path.includes("image") && Boolean(response.writeHead(404).end()),
  );
  t.is(elsewhere.code, "STORE_DAMAGED");
  t.regex(elsewhere.message, /case a, chunk image index: \/a\/image\/c.0.0.0.0 is missing/);
});

test("an address without a store, and one that nobody listens at, are refused in one line", async (t) => {
  const server = await served(t);
  await t.throwsAsync(openStore(`${server.address}/a`, HASTE), {
    message: `${server.address}/a: it is a case's folder; the store is the folder above`,
  });
  await t.throwsAsync(openStore(`${server.address}/nowhere?token=secret`, HASTE), {
    message: `${server.address}/nowhere: there is no finished store here: it has no zarr.json. Is it the store's own folder?`,
  });
  const closed = await closedPort();
  await t.throwsAsync(openStore(`http://127.0.0.1:${closed}/store`, HASTE), {
    message: `http://127.0.0.1:${closed}/store: /zarr.json: no connection to 127.0.0.1:${closed} (ECONNREFUSED), 4 times`,
  });
  await t.throwsAsync(openStore("https://user:secret@host/store"), {
    message: /^store is "https:\/\/host\/store"; it must be an address without a password/,
  });
});

test("bytes that were damaged on their way are asked for again; damage in the store names case and chunk", async (t) => {
  const server = await served(t);
  await using store = await openStore(server.address, HASTE);
  const expected = await store.readImage("a");
  let damaged = 0;
  server.instead = ({ path, range }, response) => {
    if (damaged > 0 || range === undefined || range.startsWith("bytes=-")) return false;
    damaged++;
    return sendDamaged(join(t.context.store, path), range, response);
  };
  t.true(sameBytes(await store.readImage("a"), expected));
  t.is(damaged, 1);

  server.instead = ({ path, range }, response) => {
    if (range === undefined || range.startsWith("bytes=-")) return false;
    return sendDamaged(join(t.context.store, path), range, response);
  };
  await t.throwsAsync(store.readImage("a"), { message: /case a, chunk image \d+,\d+,\d+,\d+: / });
});

/** Sends the range with one bit turned over. */
function sendDamaged(file: string, range: string, response: ServerResponse): boolean {
  const [first, last] = range.replace("bytes=", "").split("-").map(Number) as [number, number];
  const bytes = readFileSync(file);
  const part = bytes.subarray(first, Math.min(last + 1, bytes.length));
  part.writeUInt8(part.readUInt8(9) ^ 4, 9);
  response.writeHead(206, { "content-range": `bytes ${first}-${first + part.length - 1}/${bytes.length}` }).end(part);
  return true;
}

test("a store that is made anew behind the address is damage to those that have it open, never other bytes", async (t) => {
  const folder = temporaryFolder(t);
  cpSync(t.context.store, join(folder, "store"), { recursive: true });
  const server = await serveFiles(t, join(folder, "store"));
  await using before = await openStore(server.address, HASTE);
  const shard = shardOf(join(folder, "store"), "b", "image");
  writeFileSync(shard, readFileSync(shardOf(t.context.store, "b", "label")));
  await t.throwsAsync(before.readImage("b"), { message: /case b, chunk image index: / });
  truncateSync(shard, 10);
  await t.throwsAsync(before.readImage("b"), { message: /case b, chunk image index: it is cut short/ });
});

test("with a cache on disk a store is fetched once for all that share it, also where they begin together", async (t) => {
  const server = await served(t);
  const cache = { folder: join(temporaryFolder(t), "cache") };
  const readAll = async () => {
    await using store = await openStore(server.address, { ...HASTE, cache });
    await verifyStore(store);
  };
  await Promise.all([readAll(), readAll()]);
  const shards = server.asked.filter(({ range }) => range !== undefined && !range.startsWith("bytes=-"));
  t.is(new Set(shards.map(({ path, range }) => `${path} ${range}`)).size, shards.length, "nothing is asked for twice");

  const before = server.asked.length;
  await readAll();
  const again = server.asked.slice(before).map(({ path }) => path);
  t.deepEqual(again, ["/zarr.json", "/previous.json"], "only what nothing pins");
});

test("batches from a cache are those of the folder, and a damaged cache file is fetched again", async (t) => {
  const server = await served(t);
  const cache = { folder: join(temporaryFolder(t), "cache") };
  const expected = await (async () => {
    await using store = await openStore(t.context.store);
    return await store.readImage("a");
  })();
  for (const round of ["cold", "warm", "damaged", "mended"]) {
    await using store = await openStore(server.address, { ...HASTE, cache });
    if (round === "damaged") for (const file of filesBelow(cache.folder)) flip(file);
    const before = server.asked.length;
    t.true(sameBytes(await store.readImage("a"), expected), round);
    t.is(server.asked.length > before, round === "cold" || round === "damaged", round);
  }
});

test("what was damaged on its way into the cache does not stay there", async (t) => {
  const server = await served(t);
  const cache = { folder: join(temporaryFolder(t), "cache") };
  let damaged = 0;
  server.instead = ({ path, range }, response) => {
    if (damaged > 0 || range === undefined || range.startsWith("bytes=-")) return false;
    damaged++;
    return sendDamaged(join(t.context.store, path), range, response);
  };
  for (let round = 0; round < 2; round++) {
    await using store = await openStore(server.address, { ...HASTE, cache });
    const before = server.asked.length;
    await store.readImage("a");
    if (round === 1) t.is(server.asked.length, before);
  }
  t.is(damaged, 1);
});

function filesBelow(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function flip(file: string): void {
  const bytes = readFileSync(file);
  bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 16, bytes.length >> 1);
  writeFileSync(file, bytes);
}

/** What a store has counted. */
function countsOf({ location }: Store): (name: ReadCount) => number {
  if (location.kind !== "remote") throw new TypeError("a store in a folder counts nothing");
  const counts = new ReadCounts(location.counts);
  return (name) => counts.get(name);
}

test("what reading takes is counted: requests as the server sees them, retries, bytes, cache and damage", async (t) => {
  const server = await served(t);
  // A slow machine must not make silences, which would be retries that nobody has brought about.
  const patience = { firstDelayMs: 1, silenceMs: 120_000 };
  const cache = { folder: join(temporaryFolder(t), "cache") };
  let dropped = 0;
  let damaged = 0;
  server.instead = ({ path, range, before }, response) => {
    if (before % 5 === 4) {
      dropped++;
      response.destroy();
      return true;
    }
    if (damaged > 0 || range === undefined || range.startsWith("bytes=-")) return false;
    damaged++;
    return sendDamaged(join(t.context.store, path), range, response);
  };
  await using cold = await openStore(server.address, { patience, cache });
  await verifyStore(cold);
  const first = countsOf(cold);
  t.true(dropped > 0);
  // A request may also fail before its server sees it, on a connection that the server has just closed: it is made again.
  t.is(first("requests") - server.asked.length, first("retries") - dropped);
  t.is(damaged, 1);
  t.is(first("damagedReads"), damaged);
  const shards = readdirSync(t.context.store, { recursive: true, withFileTypes: true }).filter(
    (entry) => entry.isFile() && entry.name.startsWith("c."),
  );
  // Shards of one content are one in the cache.
  const contents = new Map(
    shards.map(({ parentPath, name }) => {
      const bytes = readFileSync(join(parentPath, name));
      return [createHash("sha256").update(bytes).digest("hex"), bytes.length];
    }),
  );
  const stored = [...contents.values()].reduce((sum, bytes) => sum + bytes, 0);
  t.true(first("receivedBytes") > 0.9 * stored, `${first("receivedBytes")} of ${stored} bytes`);
  t.true(first("cacheMisses") > 0);
  t.is(first("cacheRemovedBytes"), 0);

  server.instead = () => false;
  const before = server.asked.length;
  await using warm = await openStore(server.address, { patience, cache });
  await verifyStore(warm);
  const second = countsOf(warm);
  t.is(second("requests") - (server.asked.length - before), second("retries"));
  t.is(second("cacheMisses") + second("damagedReads"), 0);
  t.true(second("cacheHitBytes") > 10 * second("receivedBytes"));
  t.true(second("cacheHits") > 0);
});
