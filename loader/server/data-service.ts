import { setMaxListeners } from "node:events";
import { runTimeline } from "../../plan/batch/run-timeline.js";
import { checkRank, type Rank } from "../../plan/batch/share.js";
import { PatchstreamError, refuseRequest } from "../../plan/errors.js";
import { locationClasses } from "../../plan/label-set.js";
import type { Messages } from "../../proto/messages.js";
import { sha256 } from "../../rpc/checksum.js";
import type { Caller } from "../../rpc/server/caller.js";
import type { CallContext, Handlers } from "../../rpc/server/implement.js";
import type { ServiceLog } from "../../rpc/server/service-log.js";
import type { Tracing } from "../../rpc/tracing/tracing.js";
import { nnunetDatasetJson } from "../dataset/nnunet-dataset-json.js";
import { plansOfRun } from "../dataset/planner/run-plans.js";
import type { Store } from "../dataset/store.js";
import type { Engine } from "../engine/engine.js";
import { makePreview, type PreviewMakers, previewSpec } from "../preview/preview.js";
import type { ByteGate } from "./byte-gate.js";
import type { ClientBytes } from "./client-bytes.js";
import type { DatasetPages } from "./dataset-pages.js";
import type { FairShares } from "./fair-shares.js";
import { checkLimit, type ServerLimits } from "./limits.js";
import type { ServerMetrics } from "./metrics.js";
import type { Paces } from "./paces.js";
import { readTimeline } from "./requests.js";
import { batchFrames } from "./send-batch.js";
import type { ServedLease, ServedRun, ServedRuns, ServedShare } from "./served-run.js";
import type { ServedTime } from "./served-time.js";
import type { SharedCuts } from "./shared-cuts.js";
import type { SideThread } from "./side-thread.js";
import { serveStream } from "./stream.js";
import { findCase, volumeFrames } from "./volume-frames.js";

export interface DataServiceParts {
  readonly store: Store;
  /** The plans.json beside its record. */
  readonly plansJson: unknown;
  readonly engine: Engine;
  readonly runs: ServedRuns;
  readonly sideThread: SideThread;
  readonly limits: ServerLimits;
  readonly metrics: ServerMetrics;
  readonly log: ServiceLog;
  readonly volumeGate: ByteGate;
  /** Of the memory for batches. */
  readonly shares: FairShares;
  readonly clientBytes: ClientBytes;
  /** Throws UNSUPPORTED where there are no lanes. */
  readonly offerLane: (caller: Caller) => Messages["OpenLaneResponse"];
  /** Of all streams. */
  readonly cuts: SharedCuts<ServedLease>;
  readonly paces: Paces;
  readonly servedTime: ServedTime;
  readonly tracing: Tracing | undefined;
  readonly pages: DatasetPages;
  /** Aborts when the server drains. */
  readonly draining: AbortSignal;
  /** For how long a stream may be without its Start. */
  readonly startTimeoutMs: number;
}

/** Locations asked for by number; all of a class, which are no more, come when none is named. */
const MOST_LOCATIONS = 10_000;

interface OneBatch {
  readonly share: ServedShare;
  readonly step: number;
  readonly stage: number;
}

/** The methods of DataService over one store. */
export function dataService(parts: DataServiceParts): Handlers<"DataService"> {
  const { store, runs, limits, metrics } = parts;

  const resolve = async (
    { spec, specSha256 }: { spec: Uint8Array; specSha256?: Uint8Array },
    { concern }: Pick<CallContext, "concern">,
  ): Promise<ServedRun> => {
    checkLimit(limits, "maxSpecBytes", spec.length);
    if (specSha256 !== undefined) checkSpec(spec, specSha256);
    const run = await runs.resolve(spec);
    concern({ run: run.digest });
    return run;
  };

  const openShare = async (start: Messages["Start"], call: Pick<CallContext, "concern">): Promise<ServedShare> => {
    const { spec, timeline, rank, ranks } = start;
    const run = await resolve(start, call);
    if (Buffer.compare(run.bytes, spec) !== 0)
      refuseRequest("start.spec", `${spec.length} bytes`, "the resolved spec, byte for byte as DescribeRun gave it");
    return runs.share(run, readTimeline(timeline, "start.timeline"), { rank, ranks });
  };

  const addressed = (run: ServedRun, rank: Rank, request: Messages["PreviewRequest"]): OneBatch => {
    const share = runs.share(run, readTimeline(request.timeline, "timeline"), rank);
    share.checkStep(request.step);
    const stage = request.stage ?? share.schedule.stageOf(request.step);
    share.checkStage(stage);
    return { share, step: request.step, stage };
  };

  return {
    describeDataset: async (request) => parts.pages.page(request),
    describeRun: async (request, context) => describeRun(parts, request, await resolve(request, context)),
    stream: (call) => serveStream(call, { ...parts, open: (start) => openShare(start, call) }),
    openLane: async (_, { caller }) => parts.offerLane(caller),
    getBatch: async function* (request, context) {
      const { signal, caller } = context;
      const rank = { rank: request.rank, ranks: request.ranks || 1 };
      const { share, step, stage } = addressed(await resolve(request, context), rank, request);
      const outstandingBytes = share.batchBytes(stage);
      checkLimit(limits, "maxBatchBytes", outstandingBytes);
      parts.clientBytes.check(caller, outstandingBytes, 1);
      const leave = parts.clientBytes.join(caller, { outstandingBytes });
      try {
        const lease = await share.cut(step, stage, signal);
        yield* batchFrames({ begin: share.begin(step, stage, lease), lease });
        metrics.batchSent(share.sent(stage, lease));
      } finally {
        leave();
      }
    },
    readCase: (request, { signal }) => volumeFrames(store, parts.volumeGate, request, signal),
    readLocations: async (request) => ({ zyx: await readLocations(store, request) }),
    preview: async (request, context) => {
      const { signal } = context;
      setMaxListeners(0, signal); // each sample of the page is cut by itself
      const run = await resolve(request, context);
      const plain = { ...run, spec: previewSpec(run.spec) };
      const { share, step, stage } = addressed(plain, { rank: 0, ranks: 1 }, request);
      const plan = await share.plan(step, stage, signal);
      checkLimit(limits, "maxBatchBytes", share.batchBytes(stage) / plan.crops.length);
      const makers: PreviewMakers = {
        store,
        cut: (part) => share.cutPlan(part, signal),
        draw: (content) => parts.sideThread.draw(content),
      };
      return await makePreview(makers, plan, { page: request.page ?? 1, channel: request.channel ?? 0 });
    },
  };
}

/** Throws MESSAGE_DAMAGED for a spec that is not the one that was sent. */
function checkSpec(spec: Uint8Array, specSha256: Uint8Array): void {
  if (specSha256.length > 0 && !sha256(spec).equals(specSha256))
    throw new PatchstreamError({ code: "MESSAGE_DAMAGED", what: "the run spec" });
}

function describeRun(
  { store: { dataset }, plansJson, limits }: DataServiceParts,
  request: Messages["DescribeRunRequest"],
  { spec, bytes, digest }: ServedRun,
): Messages["DescribeRunResponse"] {
  const ranks = request.ranks || 1;
  checkRank(spec, { rank: 0, ranks });
  const channels = dataset.channelNames.length;
  return {
    spec: bytes,
    digest,
    receivedSha256: sha256(request.spec),
    limits,
    channels,
    train: runTimeline(spec, { timeline: "train", channels, ranks }),
    val: runTimeline(spec, { timeline: "val", channels, ranks }),
    plansJson: jsonFile(plansOfRun(plansJson, spec.plan)),
    datasetJson: jsonFile(nnunetDatasetJson(dataset)),
  };
}

/** As nnU-Net writes its files. */
function jsonFile(value: object): Uint8Array {
  return Buffer.from(JSON.stringify(value, undefined, 4));
}

async function readLocations(store: Store, request: Messages["ReadLocationsRequest"]): Promise<number[]> {
  const entry = findCase(store, request.case);
  const classes = locationClasses(store.dataset);
  const index = classes.indexOf(request.class);
  if (index < 0)
    throw new PatchstreamError({
      code: "NOT_FOUND",
      what: "class",
      name: `${request.class}`,
      known: classes.map(String),
    });
  const all = await store.readLocations(entry.id, request.class);
  if (request.k.length === 0) return [...all];
  const count = all.length / 3;
  if (request.k.length > MOST_LOCATIONS) refuseRequest("k", `${request.k.length} numbers`, `at most ${MOST_LOCATIONS}`);
  return request.k.flatMap((k) => {
    if (k >= count) refuseRequest("k", k, `0 to ${count - 1}`);
    return [...all.subarray(3 * k, 3 * k + 3)];
  });
}
