import { parentPort, workerData } from "node:worker_threads";
import { PatchstreamError } from "../../plan/errors.js";
import { foregroundLower } from "../../plan/sampling/box.js";
import type { Zyx } from "../../plan/zyx.js";
import { openStore } from "../dataset/open-store.js";
import type { Store, StoredCase } from "../dataset/store.js";
import { checksumRuns, runsOf } from "./batch-checksum.js";
import { classVoxels, labelNumbers } from "./class-voxels.js";
import { loadVolume } from "./load-volume.js";
import { unpackCrops } from "./packed-crops.js";
import { type BatchPlace, patchCutter } from "./patch-cutter.js";
import { readSource } from "./region-source.js";
import { scratchBytes } from "./scratch.js";
import type { CutTask, LoadTask, Outcome, Task, WorkerSetup, Written } from "./task.js";
import { type BatchTensors, batchTensors } from "./tensors.js";
import { boxAround } from "./transforms/spatial.js";
import type { VolumeHome } from "./volume-cache.js";
import { locationAt, type VolumeViews, volumeViews } from "./volume-layout.js";
import { Workplaces } from "./workplaces.js";

const setup = workerData as WorkerSetup;
const workplaces = new Workplaces(setup.arenas);
let opened: Promise<Store> | undefined;

function openOnce(): Promise<Store> {
  opened ??= openSameStore();
  return opened;
}

/** The volumes' places were chosen for the data set that the engine opened: another one must not be written there. */
async function openSameStore(): Promise<Store> {
  const store = await openStore(setup.storePath);
  if (store.dataset.digest === setup.datasetDigest) return store;
  const reason = "it is not the data set any more that was opened";
  throw new PatchstreamError({ code: "STORE_DAMAGED", store: setup.storePath, reason }, "Start the server again.");
}

/** Runs one task in this thread. Never throws: see `Outcome`. */
export default async function work(task: Task): Promise<Outcome> {
  try {
    const store = await openOnce();
    const entry = store.dataset.cases.find(({ id }) => id === task.caseId) as StoredCase;
    const before = store.decodedBytes;
    const written = task.kind === "cut" ? await cut(store, entry, task) : await load(store, entry, task);
    return { ok: true, written, decodedBytes: store.decodedBytes - before };
  } catch (error) {
    if (!(error instanceof PatchstreamError)) return { ok: false, bug: error };
    const { facts, hint } = error;
    return { ok: false, facts, hint };
  }
}

async function load(store: Store, entry: StoredCase, { home }: LoadTask): Promise<Written> {
  await loadVolume(store, entry, viewsAt(entry, home));
  return { checksums: [], classVoxels: [] };
}

async function cut(store: Store, entry: StoredCase, task: CutTask): Promise<Written> {
  const { wire, patchSize, deepLabels, samples, slotOffset } = task;
  const channels = entry.shape[0];
  const batch = { buffer: setup.slots, offset: slotOffset, samples, channels };
  if (task.home === undefined) await cutFromStore(store, entry, task, batch);
  else cutFromVolume(entry, task, task.home, batch);
  const places = Array.from(unpackCrops(task.crops), ({ place }) => place);
  const tensors = batchTensors(wire, { samples, channels, patchSize, deepLabels });
  const bytes = new Uint8Array(setup.slots, slotOffset);
  return {
    checksums: checksumRuns(places, bytes, tensors),
    classVoxels: task.countClasses ? classVoxels(labelsAt(places, bytes, tensors), store.dataset.classes) : [],
  };
}

function* labelsAt(places: readonly number[], batch: Uint8Array, [, label]: BatchTensors) {
  const byteLength = label.byteLength / (label.shape[0] as number);
  for (const { place, samples } of runsOf(places)) {
    const start = label.offset + place * byteLength;
    yield labelNumbers(label.type, batch.subarray(start, start + samples * byteLength));
  }
}

function cutFromVolume(entry: StoredCase, task: CutTask, home: VolumeHome, batch: BatchPlace): void {
  const volume = viewsAt(entry, home);
  const cutPatch = patchCutter(task, batch, workplaces.inArena(home.arena));
  for (const [index, { place, from, mirrored }] of [...unpackCrops(task.crops)].entries()) {
    const lower =
      from.kind === "random"
        ? from.lower
        : lowerAround(volume.locations[from.classIndex] as Uint32Array, from.location, entry, task);
    cutPatch(volume, { lower, mirrored, place, transforms: task.transforms[index] ?? [] });
  }
}

async function cutFromStore(store: Store, entry: StoredCase, task: CutTask, batch: BatchPlace): Promise<void> {
  const lists = new Map<number, Uint32Array>();
  const locationsOf = async (classIndex: number) => {
    const list =
      lists.get(classIndex) ?? (await store.readLocations(entry.id, store.dataset.classes[classIndex] as number));
    lists.set(classIndex, list);
    return list;
  };
  for (const [index, { place, from, mirrored }] of [...unpackCrops(task.crops)].entries()) {
    const lower =
      from.kind === "random" ? from.lower : lowerAround(await locationsOf(from.classIndex), from.location, entry, task);
    const transforms = task.transforms[index] ?? [];
    const spatial = transforms.find((transform) => transform.kind === "spatial");
    const crop = { lower, size: task.cropSize };
    const part = await readSource(store, entry, spatial === undefined ? crop : boxAround(spatial, crop));
    const { workplace, source } = workplaces.inOwnMemory(part.source, scratchBytes(task));
    const partLower = [lower[0] - part.start[0], lower[1] - part.start[1], lower[2] - part.start[2]] as const;
    patchCutter(task, batch, workplace)(source, { lower: partLower, mirrored, place, transforms });
  }
}

function lowerAround(locations: Uint32Array, index: number, { shape }: StoredCase, { cropSize }: CutTask): Zyx {
  return foregroundLower(locationAt(locations, index), [shape[1], shape[2], shape[3]], cropSize);
}

function viewsAt(entry: StoredCase, { arena, offset }: VolumeHome): VolumeViews {
  return volumeViews(entry, (setup.arenas[arena] as WorkerSetup["arenas"][number]).memory.buffer, offset);
}

parentPort?.postMessage("loaded");
