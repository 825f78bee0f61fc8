import { setMaxListeners } from "node:events";
import { availableParallelism } from "node:os";
import { machineBytes } from "../../disk/machine-memory.js";
import { drawTransforms } from "../../plan/augment/draw-augmentation.js";
import type { BatchPlan } from "../../plan/batch/batch-plan.js";
import { type BatchTensors, batchTensors, tensorBytes } from "../../plan/batch/tensors.js";
import { augmentationOf } from "../../plan/batch/timeline.js";
import { deepLabelSizes } from "../../plan/curriculum/levels.js";
import { PatchstreamError, refuse } from "../../plan/errors.js";
import { foregroundValues, locationClasses } from "../../plan/label-set.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import { voxelCount } from "../../plan/zyx.js";
import type { Dataset, StoredCase } from "../dataset/dataset.js";
import { openStore } from "../dataset/open-store.js";
import type { Store } from "../dataset/store.js";
import { joinChecksums } from "./cut/batch-checksum.js";
import { LARGEST_ARENA_BYTES, reserveArenas } from "./memory/arenas.js";
import { boxRead, regionRoom, voxelsReadByRegion } from "./memory/region-source.js";
import { scratchBytes } from "./memory/scratch.js";
import { SlotPool } from "./memory/slots.js";
import { VolumeCache } from "./memory/volume-cache.js";
import { largestLabel } from "./memory/volume-layout.js";
import { WaitingLine } from "./memory/waiting-line.js";
import { type Workspace, Workspaces } from "./memory/workspaces.js";
import { packCrops, plannedTransforms } from "./workers/packed-crops.js";
import { type BatchPart, groupParts, samplesOfTask, splitBatch } from "./workers/split-batch.js";
import type { CutPart, CutTask, Written } from "./workers/task.js";
import { closed, WorkerThreads } from "./workers/worker-threads.js";

/** Threads and memory of an engine. */
export interface EngineOptions {
  /** Threads that cut. Default: one per processor. */
  readonly workers?: number;
  /**
   * Memory for volumes and for making patches. A volume that finds no room is read patch by patch. Default: what batches leave
   * of one arena of 4 GiB, or half of the machine's (or container's) memory where that is less.
   */
  readonly volumeBudgetBytes?: number;
  /** Memory for batches that are cut or being sent. Default: 512 MiB, or a quarter of the machine's (or container's) memory where that is less. */
  readonly slotBudgetBytes?: number;
  /** Told, each time that a thread has died at work, how many have so far. Its task goes to another one. */
  readonly onWorkerDeath?: (deaths: number) => void;
}

/** A batch, cut. Its holder must release it; until then no other batch uses its memory. */
export interface SlotLease {
  readonly tensors: BatchTensors;
  /** The tensors' bytes, over shared memory; not to be used after `release`. */
  readonly bytes: Uint8Array;
  /** Voxels of each foreground class in the labels, in the order of `foregroundValues`; with `countClasses` only. */
  readonly classVoxels?: readonly number[];
  /** The first voxel of each sample's box (Z,Y,X, store voxels), three integers a sample. */
  readonly lowers: Int32Array;
  /** When it waited for volumes that were read from the store, by performance.now(). Regions that are read while a patch is cut are not told apart. */
  readonly fetches: readonly Interval[];
  /** Gives the memory back, once: calling it again does nothing. */
  release(): void;
}

/** By performance.now(). */
export interface Interval {
  readonly beganMs: number;
  readonly endedMs: number;
}

export interface ChecksummedLease extends SlotLease {
  /** zlib's CRC-32 over `bytes`. */
  readonly checksum: number;
}

/**
 * What an engine has done since it was opened; all but the first three only grow. `decodedBytes / croppedBytes` is the read
 * amplification.
 */
export interface EngineMetrics {
  readonly leasedSlots: number;
  readonly openCuts: number;
  /** Cuts that wait for memory for their batch. */
  readonly waitingBatches: number;
  readonly batches: number;
  readonly cuts: number;
  readonly bytes: number;
  readonly volumeLoads: number;
  readonly cacheHits: number;
  readonly evictions: number;
  /** Samples that were read from the store because their volumes found no room. */
  readonly regionCuts: number;
  /** Bytes of the store's chunks that were read, once decoded. */
  readonly decodedBytes: number;
  /** Bytes of the boxes, image and label as stored, that patches were made of. */
  readonly croppedBytes: number;
  readonly workerDeaths: number;
}

/** Cuts batches from a store: the same bytes for the same plan, whatever the number of workers and the state of its memory. */
export interface Engine extends AsyncDisposable {
  readonly dataset: Dataset;
  readonly metrics: EngineMetrics;
  /**
   * Cuts one batch; transforms that the plan leaves out are drawn from the spec. Callers wait in order for memory and threads. `signal` ends the wait, drops tasks that no worker has begun
   * and stops the others at their next patch; the promise rejects with the signal's reason once nothing writes any more. Throws
   * LIMIT_EXCEEDED for a batch larger than the slot budget and where the volume budget is too small to make a patch, NOT_FOUND
   * for a case that the store lacks, and what reading the store throws.
   */
  cut(
    spec: ResolvedSpec,
    plan: BatchPlan,
    options: CutOptions & { readonly checksum: true },
  ): Promise<ChecksummedLease>;
  /** As above, without a checksum unless it is asked for. */
  cut(spec: ResolvedSpec, plan: BatchPlan, options?: CutOptions): Promise<SlotLease>;
}

/** What a cut does beside cutting. */
export interface CutOptions {
  readonly signal?: AbortSignal;
  /** Called once where the cut has to wait for memory for its batch. */
  readonly onWait?: () => void;
  /** Compute the batch's CRC-32, for sending it: 1 ns per voxel, two fifths of cutting without augmentation. Default: false. */
  readonly checksum?: boolean;
  /** Count the voxels of each class: at most 1 ns per voxel, 3 % of cutting with augmentation, 10 % without. Default: false. */
  readonly countClasses?: boolean;
}

/**
 * Opens an engine on a store, or on the one in a folder: its workers read the same generation from the same place. Disposing it drops
 * what waits and ends its threads. Throws SPEC_INVALID for less than one worker and LIMIT_EXCEEDED for budgets beyond the
 * machine's memory.
 */
export async function openEngine(store: Store | string, options: EngineOptions = {}): Promise<Engine> {
  if (typeof store !== "string") return new StoreEngine(store, options);
  await using opened = await openStore(store);
  return new StoreEngine(opened, options);
}

/** Budgets beyond the memory would end in the system killing the process, not in an error. */
function withDefaults(options: EngineOptions): Required<Omit<EngineOptions, "onWorkerDeath">> {
  const memoryBytes = machineBytes();
  const { workers = availableParallelism(), slotBudgetBytes = Math.min(2 ** 29, memoryBytes / 4) } = options;
  const besideSlots = LARGEST_ARENA_BYTES - (slotBudgetBytes % LARGEST_ARENA_BYTES);
  const { volumeBudgetBytes = Math.min(besideSlots, memoryBytes / 2) } = options;
  if (!Number.isInteger(workers) || workers < 1) refuse("workers", workers, "a whole number, 1 or more");
  const bytes = volumeBudgetBytes + slotBudgetBytes;
  if (bytes <= memoryBytes) return { workers, volumeBudgetBytes, slotBudgetBytes };
  const limit = "the memory for volumes and batches in bytes";
  throw new PatchstreamError({ code: "LIMIT_EXCEEDED", limit, got: bytes, max: memoryBytes });
}

/** What the tasks of one batch have in common: all but which samples they cut, and in which workspace. */
type SharedTask = Omit<CutTask, "parts" | "workspace">;

/** What the parts of one batch have in common while they are cut. */
interface Cutting {
  readonly signal: AbortSignal;
  readonly fetched: (fetch: Interval) => void;
}

/**
 * A volume may go when it was in none of the last 8 uses per case of the store. Cases are drawn at random, so that happens to one
 * in 3000 volumes that are still wanted.
 */
const LONG_AGO = 8;

class StoreEngine implements Engine {
  readonly dataset: Dataset;
  readonly #cases: ReadonlyMap<string, StoredCase>;
  readonly #workers: number;
  readonly #slots: SlotPool;
  readonly #threads: WorkerThreads;
  readonly #volumes: VolumeCache;
  readonly #workspaces: Workspaces;
  /** Cuts not settled yet; each is stopped through its controller. */
  readonly #open = new Map<AbortController, Promise<SlotLease>>();
  readonly #counts = { batches: 0, cuts: 0, bytes: 0, regionCuts: 0, croppedBytes: 0 };

  constructor({ location, dataset }: Store, options: EngineOptions) {
    const { workers, volumeBudgetBytes, slotBudgetBytes } = withDefaults(options);
    this.dataset = dataset;
    this.#cases = new Map(dataset.cases.map((entry) => [entry.id, entry]));
    this.#workers = workers;
    const arenas = reserveArenas(volumeBudgetBytes, slotBudgetBytes);
    this.#slots = new SlotPool(arenas);
    const setupOf = () => ({ store: location, arenas: arenas.map(({ memory }) => memory) });
    this.#threads = new WorkerThreads(workers, setupOf, options.onWorkerDeath);
    const line = new WaitingLine();
    const kept = { largestLabel: largestLabel(dataset), longAgo: LONG_AGO * dataset.cases.length };
    this.#volumes = new VolumeCache(arenas, kept, line, ({ id }, home) => {
      return this.#threads.run({ kind: "load", caseId: id, home });
    });
    this.#workspaces = new Workspaces(arenas, this.#volumes, line, workers);
  }

  get metrics(): EngineMetrics {
    const { hits, loads, evictions } = this.#volumes.counts;
    return {
      ...this.#counts,
      leasedSlots: this.#slots.leased,
      openCuts: this.#open.size,
      waitingBatches: this.#slots.waiting,
      volumeLoads: loads,
      cacheHits: hits,
      evictions,
      decodedBytes: this.#threads.decodedBytes,
      workerDeaths: this.#threads.deaths,
    };
  }

  async cut(
    spec: ResolvedSpec,
    plan: BatchPlan,
    options: CutOptions & { readonly checksum: true },
  ): Promise<ChecksummedLease>;
  async cut(spec: ResolvedSpec, plan: BatchPlan, options?: CutOptions): Promise<SlotLease>;
  async cut(spec: ResolvedSpec, plan: BatchPlan, options: CutOptions = {}): Promise<SlotLease> {
    const { signal, onWait, checksum = false, countClasses = false } = options;
    signal?.throwIfAborted();
    const stop = new AbortController();
    setMaxListeners(0, stop.signal); // every waiting part listens
    const abort = () => stop.abort(signal?.reason);
    signal?.addEventListener("abort", abort);
    const cutting = this.#cutBatch(spec, plan, stop, { checksum, countClasses, ...(onWait && { onWait }) });
    this.#open.set(stop, cutting);
    try {
      return await cutting;
    } finally {
      this.#open.delete(stop);
      signal?.removeEventListener("abort", abort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = [...this.#open];
    for (const [stop] of open) stop.abort(closed());
    await Promise.allSettled(open.map(([, cutting]) => cutting));
    await this.#threads[Symbol.asyncDispose]();
  }

  async #cutBatch(
    spec: ResolvedSpec,
    plan: BatchPlan,
    stop: AbortController,
    { onWait, ...also }: Pick<CutTask, "checksum" | "countClasses"> & Pick<CutOptions, "onWait">,
  ): Promise<SlotLease> {
    const samples = plan.crops.length;
    const channels = this.dataset.channelNames.length;
    const { patchSize } = plan;
    const deepLabels = deepLabelSizes(spec, patchSize);
    const tensors = batchTensors(spec.wire, { samples, channels, patchSize, deepLabels });
    const byteLength = tensorBytes(tensors);
    const most = samplesOfTask(samples, byteLength / samples, this.#workers);
    const slot = await this.#slots.lease(byteLength, { signal: stop.signal, ...(onWait && { onWait }) });
    const stopped = new Int32Array(new SharedArrayBuffer(4));
    stop.signal.addEventListener("abort", () => Atomics.store(stopped, 0, 1), { once: true });
    const groups = groupParts(splitBatch(plan, most), most, ({ caseId }) => this.#volumes.arenaOf(caseId));
    const task = {
      kind: "cut",
      patchSize,
      cropSize: plan.cropSize,
      wire: spec.wire,
      deepLabels,
      augmentation: augmentationOf(spec, plan.timeline),
      seed: spec.seed,
      timeline: plan.timeline,
      step: plan.step,
      channels,
      slot: { arena: slot.arena, offset: slot.offset },
      samples,
      stopped,
      ...also,
    } as const;
    const fetches: Interval[] = [];
    const cutting: Cutting = { signal: stop.signal, fetched: (fetch) => fetches.push(fetch) };
    const cut = await Promise.allSettled(
      groups.map((parts) =>
        this.#cutParts(parts, task, cutting).catch((error: unknown) => {
          stop.abort(error);
          throw error;
        }),
      ),
    );
    const written = cut.flatMap((parts) => (parts.status === "fulfilled" ? parts.value : []));
    if (stop.signal.aborted) {
      slot.release();
      throw stop.signal.reason;
    }
    this.#counts.batches++;
    this.#counts.cuts += samples;
    this.#counts.bytes += byteLength;
    this.#counts.croppedBytes += samples * voxelCount(plan.cropSize) * (4 * channels + 2);
    return {
      tensors,
      bytes: slot.bytes,
      lowers: inSampleOrder(written, samples),
      fetches,
      ...(also.checksum && { checksum: joinChecksums(written.flatMap(({ checksums }) => checksums)) }),
      ...(also.countClasses && { classVoxels: this.#sumOfClasses(written) }),
      release: slot.release,
    };
  }

  /** One task cuts the parts whose volumes are in memory, in one arena; every other part has its own task. */
  async #cutParts(parts: readonly BatchPart[], task: SharedTask, cutting: Cutting): Promise<Written[]> {
    const [first, ...more] = parts as readonly [BatchPart, ...BatchPart[]];
    const { signal } = cutting;
    if (more.length === 0) return [await this.#cutPart(first, task, cutting)];
    const left = new Set(parts);
    const caseIds = parts.map(({ caseId }) => caseId);
    const cut = ({ arena, offset }: Workspace) =>
      this.#volumes.useHeld(caseIds, arena, async (homes) => {
        const held = parts.flatMap((part) => {
          const source = homes.get(part.caseId);
          return source !== undefined && left.delete(part) ? [this.#packed(part, source)] : [];
        });
        if (held.length === 0) return [];
        return [await this.#threads.run({ ...task, parts: held, workspace: { arena, offset } }, signal)];
      });
    const arena = this.#volumes.arenaOf(first.caseId);
    const written: Written[] = await this.#workspaces.use(scratchBytes(task), arena, cut, signal);
    for (const part of left) written.push(await this.#cutPart(part, task, cutting));
    return written;
  }

  async #cutPart(part: BatchPart, task: SharedTask, cutting: Cutting): Promise<Written> {
    return (await this.#cutFromVolume(part, task, cutting)) ?? (await this.#cutFromStore(part, task, cutting.signal));
  }

  /** Undefined where there is no room for the volume. */
  async #cutFromVolume(part: BatchPart, task: SharedTask, { signal, fetched }: Cutting): Promise<Written | undefined> {
    const entry = this.#case(part.caseId);
    const [, ...extent] = entry.shape;
    const isWorthLoading = part.ofCase * voxelsReadByRegion(entry, task.cropSize) > voxelCount(extent);
    const preferred = this.#volumes.want(entry, isWorthLoading);
    if (preferred === undefined) return undefined;
    const cut = (workspace: Workspace) =>
      this.#volumes.use(entry, { arena: workspace.arena, isWorthLoading, fetched }, async (home) => {
        return home && this.#threads.run({ ...task, parts: [this.#packed(part, home)], workspace }, signal);
      });
    return this.#workspaces.use(scratchBytes(task), preferred, cut, signal);
  }

  #cutFromStore(part: BatchPart, task: SharedTask, signal: AbortSignal): Promise<Written> {
    this.#counts.regionCuts += part.crops.length;
    const crops = part.crops.map(({ place, crop }) => {
      return { place, crop: { ...crop, transforms: crop.transforms ?? drawTransforms(task, crop.sample) } };
    });
    const scratch = scratchBytes(task);
    const spareBytes = this.#workspaces.largestBytes - scratch;
    const boxes = crops.map(({ crop: { transforms } }) =>
      boxRead({ lower: [0, 0, 0], size: task.cropSize }, transforms),
    );
    const room = regionRoom(this.#case(part.caseId), boxes, spareBytes);
    const cut = (workspace: Workspace) =>
      this.#threads.run({ ...task, parts: [this.#packed({ ...part, crops }, room)], workspace }, signal);
    return this.#workspaces.use(scratch + room.count * room.bytes, undefined, cut, signal);
  }

  #packed({ caseId, crops }: BatchPart, source: CutPart["source"]): CutPart {
    return {
      caseId,
      source,
      crops: packCrops(crops, locationClasses(this.dataset)),
      transforms: plannedTransforms(crops),
    };
  }

  #sumOfClasses(written: readonly Written[]): number[] {
    return foregroundValues(this.dataset).map((_, index) =>
      written.reduce((sum, part) => sum + (part.classVoxels[index] as number), 0),
    );
  }

  #case(caseId: string): StoredCase {
    const entry = this.#cases.get(caseId);
    if (entry !== undefined) return entry;
    throw new PatchstreamError({ code: "NOT_FOUND", what: "case", name: caseId, known: [...this.#cases.keys()] });
  }
}

function inSampleOrder(written: readonly Written[], samples: number): Int32Array {
  const lowers = new Int32Array(3 * samples);
  for (const { lowers: found } of written) {
    for (let at = 0; at < found.length; at += 4) {
      const to = 3 * (found[at] as number);
      for (let axis = 0; axis < 3; axis++) lowers[to + axis] = found[at + 1 + axis] as number;
    }
  }
  return lowers;
}
