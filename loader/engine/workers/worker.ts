import { parentPort, workerData } from "node:worker_threads";
import { drawTransforms } from "../../../plan/augment/draw-augmentation.js";
import { type BatchTensors, batchTensors } from "../../../plan/batch/tensors.js";
import { PatchstreamError } from "../../../plan/errors.js";
import { foregroundValues, locationClasses } from "../../../plan/label-set.js";
import { foregroundLower } from "../../../plan/sampling/box.js";
import type { Zyx } from "../../../plan/zyx.js";
import type { StoredCase } from "../../dataset/dataset.js";
import { openLocation } from "../../dataset/open-store.js";
import { compileKernels, instantiateKernels, type Kernels } from "../../kernels/kernels.js";
import { WrittenChecksums } from "../cut/batch-checksum.js";
import { classVoxels, labelNumbers } from "../cut/class-voxels.js";
import type { Workplace } from "../cut/patch.js";
import { type CutPatch, patchCutter } from "../cut/patch-cutter.js";
import type { Wrote } from "../cut/tensor-output.js";
import { loadVolume } from "../memory/load-volume.js";
import { boxRead, type RegionRoom, readSource } from "../memory/region-source.js";
import { scratchBytes } from "../memory/scratch.js";
import type { VolumeHome } from "../memory/volume-cache.js";
import { largestLabel, locationAt, type VolumeViews, volumeViews } from "../memory/volume-layout.js";
import type { Workspace } from "../memory/workspaces.js";
import { type PlacedCrop, packedCount, unpackCrop } from "./packed-crops.js";
import type { CutPart, CutTask, LoadTask, Outcome, Task, WorkerSetup, Written } from "./task.js";
import { withoutMirrors } from "./without-mirrors.js";

const setup = workerData as WorkerSetup;
const module = compileKernels();
const kernels = setup.arenas.map((memory) => instantiateKernels(module, memory));
const store = openLocation(setup.store);
const largest = largestLabel(store.dataset);
const listed = locationClasses(store.dataset);

/** Runs one task in this thread. Never throws: see `Outcome`. */
export default async function work(task: Task): Promise<Outcome> {
  try {
    const before = store.decodedBytes;
    const written = task.kind === "cut" ? await cut(task) : await load(task);
    return { ok: true, written, decodedBytes: store.decodedBytes - before };
  } catch (error) {
    if (!(error instanceof PatchstreamError)) return { ok: false, bug: error };
    const { facts, hint } = error;
    return { ok: false, facts, hint };
  }
}

function entryOf(caseId: string): StoredCase {
  return store.dataset.cases.find(({ id }) => id === caseId) as StoredCase;
}

const NOTHING_WRITTEN: Written = { checksums: [], classVoxels: [], lowers: new Int32Array() };

async function load({ caseId, home }: LoadTask): Promise<Written> {
  const entry = entryOf(caseId);
  await loadVolume(store, entry, viewsAt(entry, home), kernels[home.arena] as Kernels);
  return NOTHING_WRITTEN;
}

async function cut(task: CutTask): Promise<Written> {
  const { wire, patchSize, deepLabels, samples, channels, slot } = task;
  const { buffer } = setup.arenas[slot.arena] as WebAssembly.Memory;
  const bytes = new Uint8Array(buffer, slot.offset);
  const checksums = task.checksum ? new WrittenChecksums(bytes) : undefined;
  const wrote: Wrote | undefined = checksums && ((tensor, start, end) => checksums.wrote(tensor, start, end));
  const workplace = workplaceAt(task.workspace);
  const cutPatch = patchCutter(task, { buffer, offset: slot.offset, samples, channels, wrote }, workplace);
  const lowers = new Int32Array(4 * task.parts.reduce((count, { crops }) => count + packedCount(crops), 0));
  let written = 0;
  const found = (place: number, lower: Zyx) => {
    lowers[written++] = place;
    for (let axis = 0; axis < 3; axis++) lowers[written++] = lower[axis] as number;
  };
  for (const part of task.parts) {
    if (isStopped(task)) break;
    const entry = entryOf(part.caseId);
    const { source } = part;
    if ("arena" in source) cutFromVolume(viewsAt(entry, source), entry, part, task, { cutPatch, found });
    else await cutFromStore(entry, part, task, { room: source, workplace, cutPatch, found });
  }
  if (isStopped(task)) return NOTHING_WRITTEN;
  const [, label] = batchTensors(wire, { samples, channels, patchSize, deepLabels });
  return {
    checksums: checksums?.finish() ?? [],
    classVoxels: task.countClasses ? classVoxels(labelsOf(task, bytes, label), foregroundValues(store.dataset)) : [],
    lowers,
  };
}

function isStopped({ stopped }: CutTask): boolean {
  return Atomics.load(stopped, 0) !== 0;
}

function* labelsOf({ parts }: CutTask, batch: Uint8Array, { type, shape, offset, byteLength }: BatchTensors[1]) {
  const sampleBytes = byteLength / (shape[0] as number);
  for (const { crops } of parts) {
    for (let index = 0; index < packedCount(crops); index++) {
      const start = offset + unpackCrop(crops, index).place * sampleBytes;
      yield labelNumbers(type, batch.subarray(start, start + sampleBytes));
    }
  }
}

/** Told where the box of each sample begins. */
type Found = (place: number, lower: Zyx) => void;

function cutFromVolume(
  volume: VolumeViews,
  entry: StoredCase,
  part: CutPart,
  task: CutTask,
  { cutPatch, found }: { cutPatch: CutPatch; found: Found },
): void {
  for (let index = 0; index < packedCount(part.crops); index++) {
    if (isStopped(task)) return;
    const { place, sample, from } = unpackCrop(part.crops, index);
    const lower =
      from.kind === "random"
        ? from.lower
        : lowerAround(volume.locations[from.classIndex] as Uint32Array, from.location, entry, task.cropSize);
    found(place, lower);
    const transforms = part.transforms?.[index] ?? drawTransforms(task, sample);
    cutPatch(volume, { lower, place, ...withoutMirrors(transforms) });
  }
}

/** Regions are read ahead of cutting, as far as there is room. */
async function cutFromStore(
  entry: StoredCase,
  part: CutPart,
  task: CutTask,
  { room, workplace, cutPatch, found }: { room: RegionRoom; workplace: Workplace; cutPatch: CutPatch; found: Found },
): Promise<void> {
  const crops = Array.from({ length: packedCount(part.crops) }, (_, index) => unpackCrop(part.crops, index));
  const transforms = part.transforms ?? []; // the engine has drawn them, to know the room
  const regions = workplace.offset + scratchBytes(task);
  const read = async ({ place, from }: PlacedCrop, index: number) => {
    const lower = await lowerOf(entry, from, task.cropSize);
    found(place, lower);
    const box = boxRead({ lower, size: task.cropSize }, transforms[index] ?? []);
    const offset = regions + (index % room.count) * room.bytes;
    const { source, start } = await readSource(store, entry, box, { buffer: workplace.buffer, offset });
    return { source, lower: [lower[0] - start[0], lower[1] - start[1], lower[2] - start[2]] as const };
  };
  const readAhead = (crop: PlacedCrop, index: number) => {
    const reading = read(crop, index);
    reading.catch(() => undefined); // thrown when its turn comes
    return reading;
  };
  const reads = crops.slice(0, room.count).map(readAhead);
  try {
    for (const [index, { place }] of crops.entries()) {
      const { source, lower } = await (reads[index] as (typeof reads)[number]);
      if (isStopped(task)) return;
      cutPatch(source, { lower, place, ...withoutMirrors(transforms[index] ?? []) });
      const next = crops[index + room.count];
      if (next !== undefined) reads.push(readAhead(next, index + room.count));
    }
  } finally {
    await Promise.allSettled(reads); // none may write here once another task has the workspace
  }
}

async function lowerOf(entry: StoredCase, from: PlacedCrop["from"], cropSize: Zyx): Promise<Zyx> {
  if (from.kind === "random") return from.lower;
  const classValue = listed[from.classIndex] as number;
  const range = { start: from.location, end: from.location + 1 };
  return lowerAround(await store.readLocations(entry.id, classValue, range), 0, entry, cropSize);
}

function lowerAround(locations: Uint32Array, index: number, { shape }: StoredCase, cropSize: Zyx): Zyx {
  return foregroundLower(locationAt(locations, index), [shape[1], shape[2], shape[3]], cropSize);
}

function workplaceAt({ arena, offset }: Workspace): Workplace {
  const { buffer } = setup.arenas[arena] as WebAssembly.Memory;
  return { kernels: kernels[arena] as Kernels, buffer, offset };
}

function viewsAt(entry: StoredCase, { arena, offset }: VolumeHome): VolumeViews {
  const { buffer } = setup.arenas[arena] as WebAssembly.Memory;
  return volumeViews(entry, largest, { buffer, offset });
}

parentPort?.postMessage("loaded");
