import { parentPort, workerData } from "node:worker_threads";
import { PatchstreamError } from "../../plan/errors.js";
import { foregroundLower } from "../../plan/sampling/box.js";
import type { Zyx } from "../../plan/zyx.js";
import { openStore } from "../dataset/open-store.js";
import type { Store, StoredCase } from "../dataset/store.js";
import { compileKernels, instantiateKernels, type Kernels } from "../kernels/kernels.js";
import { checksumRuns, runsOf } from "./batch-checksum.js";
import { classVoxels, labelNumbers } from "./class-voxels.js";
import { loadVolume } from "./load-volume.js";
import { type PlacedCrop, unpackCrops } from "./packed-crops.js";
import { type BatchPlace, patchCutter, type Workplace } from "./patch-cutter.js";
import { boxRead, type RegionRoom, readSource } from "./region-source.js";
import { scratchBytes } from "./scratch.js";
import type { CutTask, LoadTask, Outcome, Task, WorkerSetup, Written } from "./task.js";
import { type BatchTensors, batchTensors } from "./tensors.js";
import type { VolumeHome } from "./volume-cache.js";
import { locationAt, type VolumeViews, volumeViews } from "./volume-layout.js";
import type { Workspace } from "./workspaces.js";

const setup = workerData as WorkerSetup;
const module = compileKernels();
const kernels = setup.arenas.map((memory) => instantiateKernels(module, memory));
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
  if ("arena" in task.source) cutFromVolume(entry, task, task.source, batch);
  else await cutFromStore(store, entry, task, task.source, batch);
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
  const cutPatch = patchCutter(task, batch, workplaceAt(task.workspace));
  for (const [index, { place, from, mirrored }] of [...unpackCrops(task.crops)].entries()) {
    const lower =
      from.kind === "random"
        ? from.lower
        : lowerAround(volume.locations[from.classIndex] as Uint32Array, from.location, entry, task);
    cutPatch(volume, { lower, mirrored, place, transforms: task.transforms[index] ?? [] });
  }
}

/** Regions are read ahead of the cut as far as there is room. */
async function cutFromStore(
  store: Store,
  entry: StoredCase,
  task: CutTask,
  room: RegionRoom,
  batch: BatchPlace,
): Promise<void> {
  const workplace = workplaceAt(task.workspace);
  const cutPatch = patchCutter(task, batch, workplace);
  const crops = [...unpackCrops(task.crops)];
  const regions = workplace.offset + scratchBytes(task);
  const read = async ({ from }: PlacedCrop, index: number) => {
    const lower = await lowerOf(store, entry, task, from);
    const { lower: first, size } = boxRead({ transforms: task.transforms[index] ?? [] }, task.cropSize);
    const box = { lower: [lower[0] + first[0], lower[1] + first[1], lower[2] + first[2]] as const, size };
    const offset = regions + (index % room.count) * room.bytes;
    const { source, start } = await readSource(store, entry, box, { buffer: workplace.buffer, offset });
    return { source, lower: [lower[0] - start[0], lower[1] - start[1], lower[2] - start[2]] as const };
  };
  const readAhead = (crop: PlacedCrop, index: number) => {
    const reading = read(crop, index);
    reading.catch(() => undefined); // told when its turn comes
    return reading;
  };
  const reads = crops.slice(0, room.count).map(readAhead);
  try {
    for (const [index, { place, mirrored }] of crops.entries()) {
      const { source, lower } = await (reads[index] as (typeof reads)[number]);
      cutPatch(source, { lower, mirrored, place, transforms: task.transforms[index] ?? [] });
      const next = crops[index + room.count];
      if (next !== undefined) reads.push(readAhead(next, index + room.count));
    }
  } finally {
    await Promise.allSettled(reads); // none may write there once the workspace is another task's
  }
}

async function lowerOf(store: Store, entry: StoredCase, task: CutTask, from: PlacedCrop["from"]): Promise<Zyx> {
  if (from.kind === "random") return from.lower;
  const classValue = store.dataset.classes[from.classIndex] as number;
  const range = { start: from.location, end: from.location + 1 };
  return lowerAround(await store.readLocations(entry.id, classValue, range), 0, entry, task);
}

function lowerAround(locations: Uint32Array, index: number, { shape }: StoredCase, { cropSize }: CutTask): Zyx {
  return foregroundLower(locationAt(locations, index), [shape[1], shape[2], shape[3]], cropSize);
}

function workplaceAt({ arena, offset }: Workspace): Workplace {
  const { buffer } = setup.arenas[arena] as WebAssembly.Memory;
  return { kernels: kernels[arena] as Kernels, buffer, offset };
}

function viewsAt(entry: StoredCase, { arena, offset }: VolumeHome): VolumeViews {
  return volumeViews(entry, (setup.arenas[arena] as WebAssembly.Memory).buffer, offset);
}

parentPort?.postMessage("loaded");
