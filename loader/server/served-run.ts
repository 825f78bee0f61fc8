import { setImmediate } from "node:timers/promises";
import { crc32 } from "../../checksum/crc.js";
import type { Timeline } from "../../plan/batch/address.js";
import { addressText } from "../../plan/batch/address.js";
import type { BatchPlan } from "../../plan/batch/batch-plan.js";
import { caseTable } from "../../plan/batch/case-table.js";
import { checkRank, type Rank, shareSize } from "../../plan/batch/share.js";
import { scheduleOf } from "../../plan/batch/stage-timeline.js";
import { shareTensors, tensorBytes } from "../../plan/batch/tensors.js";
import { checkStage, checkStep, stageOf, stepsOf } from "../../plan/batch/timeline.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { ResolvedSpec } from "../../plan/run-spec/resolved-spec.js";
import { planCropsInSlices } from "../../plan/sampling/plan-batch.js";
import type { Messages } from "../../proto/messages.js";
import { samplesMessage } from "../../rpc/samples.js";
import { TIMELINE_NAMES } from "../../rpc/timeline-names.js";
import { sha256 } from "../dataset/sha256.js";
import { batchStatistics } from "../engine/cut/batch-statistics.js";
import type { ChecksummedLease, Engine, SlotLease } from "../engine/engine.js";
import { MAX_SAMPLES } from "./limits.js";
import type { SentBatch } from "./metrics.js";
import type { NamedSource } from "./shared-cuts.js";
import type { SideThread } from "./side-thread.js";

/** A run as this store serves it. */
export interface ServedRun {
  readonly spec: ResolvedSpec;
  /** RFC 8785 canonical JSON of `spec`: what the digest is taken over. */
  readonly bytes: Uint8Array;
  /** SHA-256, hex. */
  readonly digest: string;
}

/** A batch that was cut, and what its samples are. */
export interface ServedLease extends ChecksummedLease {
  readonly samples: Messages["Samples"];
  /** What planning and cutting took, waiting for memory included. */
  readonly cutSeconds: number;
  /** Whether another stream was given the same cut before. */
  readonly isShared?: boolean;
}

/** What one rank is served of one timeline. */
export interface ServedShare extends NamedSource<ServedLease> {
  readonly digest: string;
  /** Of the timeline. */
  readonly steps: number;
  /** Throws STAGE_UNKNOWN for a stage that the timeline does not have. */
  checkStage(stage: number): void;
  /** Which crops make up a batch. */
  plan(step: number, stage: number, signal: AbortSignal): Promise<BatchPlan>;
  /** Cuts a plan, or some of its crops. */
  cutPlan(plan: BatchPlan, signal: AbortSignal): Promise<SlotLease>;
  /** The header of a batch. */
  begin(step: number, stage: number, lease: ServedLease): Messages["BatchBegin"];
  /** What is counted of a batch that was sent. */
  sent(stage: number, lease: ServedLease): SentBatch;
}

/** Resolved specs that are kept so as not to resolve them again; they can always be. */
const KEPT_RUNS = 64;

/** One step in so many has its classes counted, for the metrics: often enough for a mean, and too seldom to be felt. */
const COUNTED_STEPS = 8;

/** Resolves specs against one store. Keeps nothing that matters: any replica resolves the same spec to the same bytes. */
export class ServedRuns {
  readonly #engine: Engine;
  readonly #sideThread: SideThread;
  readonly #onWait: () => void;
  readonly #cases;
  readonly #kept = new Map<string, ServedRun>();

  /** `onWait` is told when a batch has to wait for memory. */
  constructor(engine: Engine, sideThread: SideThread, onWait: () => void) {
    this.#engine = engine;
    this.#sideThread = sideThread;
    this.#onWait = onWait;
    this.#cases = caseTable(engine.dataset);
  }

  /** The run of a data spec (UTF-8 JSON), resolved. Throws SPEC_INVALID or RECIPE_UNKNOWN. */
  async resolve(specBytes: Uint8Array): Promise<ServedRun> {
    const digest = sha256(specBytes);
    const kept = this.#kept.get(digest);
    if (kept !== undefined) return kept;
    const resolved = await this.#sideThread.resolve(specBytes);
    const run = { ...resolved, digest: sha256(resolved.bytes) };
    this.#kept.set(digest, run);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > KEPT_RUNS && oldest !== undefined) this.#kept.delete(oldest);
    return run;
  }

  /** One rank's share of a timeline. Throws REQUEST_INVALID for ranks that some stage cannot serve. */
  share(run: ServedRun, timeline: Timeline, rank: Rank): ServedShare {
    const { spec, digest } = run;
    const engine = this.#engine;
    const cases = this.#cases;
    checkRank(spec, rank);
    checkSamples(spec, rank);
    const planOf = (step: number, stage: number, signal: AbortSignal) =>
      finish(planCropsInSlices(spec, cases, { timeline, step, stage }, rank), signal);
    return {
      name: `${digest} ${timeline} ${rank.rank} of ${rank.ranks}`,
      digest,
      steps: stepsOf(spec, timeline),
      schedule: scheduleOf(spec, timeline),
      checkStep: (step) => checkStep(spec, timeline, step),
      checkStage: (stage) => checkStage(spec, timeline, stage),
      batchBytes: (stage) => tensorBytes(shareTensors(spec, cases.channels, { timeline, stage }, rank)),
      cut: async (step, stage, signal) => {
        const startedMs = performance.now();
        const planned = await planOf(step, stage, signal);
        const lease = await engine.cut(spec, planned, {
          signal,
          onWait: this.#onWait,
          checksum: true,
          countClasses: step % COUNTED_STEPS === 0,
        });
        return {
          ...lease,
          samples: samplesMessage(planned, lease.lowers),
          cutSeconds: (performance.now() - startedMs) / 1_000,
        };
      },
      plan: planOf,
      cutPlan: (part, signal) => engine.cut(spec, part, { signal, onWait: this.#onWait }),
      begin: (step, stage, lease) => ({
        timeline: TIMELINE_NAMES[timeline],
        step,
        stage,
        globalBatch: stageOf(spec, timeline, stage).batchSize,
        tensors: lease.tensors.map(({ name, type, shape, byteLength }) => ({ name, type, shape, byteLength })),
        addressChecksum: crc32(addressText(digest, { timeline, step, stage }, rank)),
        samples: lease.samples,
      }),
      sent: (stage, { tensors: [, label], bytes, classVoxels, cutSeconds, isShared = false }) => {
        const [samples, ...patchSize] = label.shape as [number, number, number, number];
        const statistics = classVoxels && batchStatistics({ samples, patchSize, classVoxels }, spec.plan.patchSize);
        return { timeline, stage, bytes: bytes.length, cutSeconds, isShared, ...(statistics && { statistics }) };
      },
    };
  }
}

/** Throws LIMIT_EXCEEDED where a batch of some stage has more samples for a rank than we plan. */
function checkSamples({ stages, plan }: ResolvedSpec, rank: Rank): void {
  const largest = stages.reduce((most, { batchSize }) => Math.max(most, batchSize), plan.batchSize);
  const got = shareSize(largest, rank);
  if (got > MAX_SAMPLES)
    throw new PatchstreamError({
      code: "LIMIT_EXCEEDED",
      limit: "max_samples",
      got,
      max: MAX_SAMPLES,
    });
}

/** The plan of a batch, with a turn for everybody else between its slices. */
async function finish(slices: Generator<undefined, BatchPlan>, signal: AbortSignal): Promise<BatchPlan> {
  for (;;) {
    const slice = slices.next();
    if (slice.done) return slice.value;
    await setImmediate();
    signal.throwIfAborted();
  }
}
