/**
 * `node dist/benchmarks/what-does-a-remote-store-cost/run.js`: reads every case of a store once, from a folder, over HTTP, through the cache,
 * and with zarrita; prints the table and writes it to RESULTS.md.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as zarr from "zarrita";
import { ingest, openStore, type StoreOptions } from "../../loader/index.js";
import { locationClasses } from "../../plan/index.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";

const ROUNDS = 3;
/** As two threads of a server load volumes. */
const CASES_AT_ONCE = 2;
const DELAYS_MS = [0, 20];
const SAMPLE = fileURLToPath(new URL("../../../examples/data/Task04_Hippocampus", import.meta.url));

interface Served {
  readonly address: string;
  readonly child: ChildProcess;
}

async function serveLate(folder: string, delayMs: number): Promise<Served> {
  const child = fork(fileURLToPath(new URL("./file-server.js", import.meta.url)), [folder, String(delayMs)]);
  const [address] = (await once(child, "message")) as [string];
  return { address, child };
}

async function countsOf(address: string): Promise<{ requests: number; bytes: number }> {
  return (await fetch(`${address}/counts`)).json() as Promise<{ requests: number; bytes: number }>;
}

async function eachCase(ids: readonly string[], read: (id: string) => Promise<unknown>): Promise<void> {
  const left = ids.values();
  const lanes = Array.from({ length: CASES_AT_ONCE }, async () => {
    for (const id of left) await read(id);
  });
  await Promise.all(lanes);
}

async function readOurs(place: string, options: StoreOptions = {}): Promise<void> {
  await using store = await openStore(place, options);
  const classes = locationClasses(store.dataset);
  const ids = store.dataset.cases.map(({ id }) => id);
  await eachCase(ids, (id) =>
    Promise.all([store.readImage(id), store.readLabel(id), ...classes.map((of) => store.readLocations(id, of))]),
  );
}

async function readWithZarrita(address: string, ids: readonly string[], coalesced: boolean): Promise<void> {
  const plain = new zarr.FetchStore(address);
  const root = zarr.root(coalesced ? zarr.withRangeCoalescing(plain) : plain);
  await eachCase(ids, (id) =>
    Promise.all(
      ["image", "label", "locations/1", "locations/2"].map(async (name) => {
        await zarr.get(await zarr.open.v3(root.resolve(`${id}/${name}`), { kind: "array" }));
      }),
    ),
  );
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const path = join(folder, "store");
  const { cases } = await ingest(SAMPLE, path, {});
  const rows: string[] = [];
  for (const delayMs of DELAYS_MS) {
    const { address, child } = await serveLate(path, delayMs);
    const cache = (name: string) => ({ cache: { folder: join(folder, `${delayMs}-${name}`) } });
    const readers: Readonly<Record<string, (round: number) => Promise<void>>> = {
      folder: () => readOurs(path),
      "patchstream, no cache": () => readOurs(address),
      "patchstream, cold cache": (round) => readOurs(address, cache(`cold-${round}`)),
      "patchstream, warm cache": () => readOurs(address, cache("cold-0")),
      "zarrita 0.7": () => readWithZarrita(address, cases, false),
      "zarrita 0.7, its range coalescing": () => readWithZarrita(address, cases, true),
    };
    for (const [name, read] of Object.entries(readers)) {
      const seconds: number[] = [];
      const before = await countsOf(address);
      for (let round = 0; round < ROUNDS; round++) {
        const startMs = performance.now();
        await read(round);
        seconds.push((performance.now() - startMs) / 1e3);
      }
      const { requests, bytes } = await countsOf(address);
      const ofRound = (sum: number) => sum / ROUNDS;
      const figures = [
        median(seconds).toFixed(2),
        `${Math.min(...seconds).toFixed(2)} to ${Math.max(...seconds).toFixed(2)}`,
        ofRound(requests - before.requests).toFixed(0),
        (ofRound(bytes - before.bytes) / 1e6).toFixed(1),
      ];
      rows.push(`| ${delayMs} | ${name} | ${figures.join(" | ")} |`);
      process.stderr.write(`${rows.at(-1)}\n`);
    }
    child.kill();
  }
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const load = (loadavg()[0] as number).toFixed(1);
  const report = [
    `\`node dist/benchmarks/what-does-a-remote-store-cost/run.js\` (${cases.length} cases of Hippocampus, ${CASES_AT_ONCE} at a time, ${ROUNDS} rounds), load ${load}: ${about.join("; ")}.`,
    "",
    "| each answer late by, ms | reader | s, median | least to most | requests | MB fetched |",
    "|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("what-does-a-remote-store-cost", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
