import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openStore } from "../../loader/dataset/open-store.js";
import type { Store } from "../../loader/dataset/store.js";
import { type Engine, openEngine } from "../../loader/engine/engine.js";
import { makeSampleStore } from "./sample-store.js";

/** Room for all volumes of the sample, and for its batches. */
export const ROOM = { slotBudgetBytes: 2 ** 24, volumeBudgetBytes: 2 ** 22 };

export interface SampleEngine {
  readonly folder: string;
  readonly store: Store;
  /** Two threads, and room for all volumes: for what is cut, where neither counters nor threads are the point. */
  readonly engine: Engine;
}

/** A store of the sample and an engine on it, for all tests of a file. */
export async function openSampleEngine(): Promise<SampleEngine> {
  const folder = await mkdtemp(join(tmpdir(), "patchstream-engine-"));
  const store = await openStore(await makeSampleStore(folder));
  return { folder, store, engine: await openEngine(store, { workers: 2, ...ROOM }) };
}

/** Ends it, however far it was opened. */
export async function closeSampleEngine({ folder, engine }: Partial<SampleEngine>): Promise<void> {
  await engine?.[Symbol.asyncDispose]();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
}
