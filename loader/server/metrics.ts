import { Counter, Gauge, Histogram } from "prom-client";
import type { Timeline } from "../../plan/batch/address.js";
import { LATENCY_SECONDS, type ServiceMetrics, serviceMetrics } from "../../rpc/server/service-metrics.js";
import type { StoreLocation } from "../dataset/store.js";
import type { BatchStatistics } from "../engine/cut/batch-statistics.js";
import type { Engine } from "../engine/engine.js";
import { addEngineMetrics } from "./engine-metrics.js";
import { addStoreMetrics } from "./store-metrics.js";

/** A batch that was sent. */
export interface SentBatch {
  readonly timeline: Timeline;
  readonly stage: number;
  readonly bytes: number;
  /** What planning and cutting it took, waiting for memory included. */
  readonly cutSeconds: number;
  /** Whether another stream was given the same cut before. */
  readonly isShared: boolean;
  /** Of the steps that are counted. */
  readonly statistics?: BatchStatistics;
}

/** What one data server counts, in Prometheus's terms (docs/reference/metrics.md). */
export interface ServerMetrics extends ServiceMetrics {
  readonly stageReports: Counter;
  batchSent(batch: SentBatch): void;
  /** A batch of a stream was sent, so many seconds after it was wanted. */
  wantFulfilled(stage: number, seconds: number): void;
}

/** Upper ends of the histograms' buckets. */
const SHARES = [0.001, 0.003, 0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1];

/** What a server's metrics are read from when they are asked for. */
export interface Measured {
  readonly store: StoreLocation;
  readonly engine: Engine;
  /** Streams, and other calls, in progress. */
  readonly streams: { readonly inside: number };
  readonly calls: { readonly inside: number };
  readonly cuts: { readonly kept: number };
  /** What the clients of all streams say of their trainers. */
  readonly paces: { readonly serversNeeded: number; readonly waitingShare: number };
  readonly pause: { takeLongestSeconds(): number };
}

export function createMetrics({ store, engine, streams, calls, cuts, paces, pause }: Measured): ServerMetrics {
  const service = serviceMetrics("DataService");
  const registers = [service.registry];
  const batches = new Counter({
    name: "patchstream_batches_sent_total",
    help: "Batches handed to gRPC completely.",
    labelNames: ["stage"],
    registers,
  });
  const bytesSent = new Counter({
    name: "patchstream_batch_bytes_sent_total",
    help: "Tensor bytes of the batches sent.",
    registers,
  });
  const shared = new Counter({
    name: "patchstream_shared_batches_sent_total",
    help: "Those of them that were sent without a cut of their own: another stream had been given the same.",
    labelNames: ["stage"],
    registers,
  });
  const latency = { labelNames: ["stage"], buckets: LATENCY_SECONDS, registers };
  const cutSeconds = new Histogram({
    name: "patchstream_batch_cut_duration_seconds",
    help: "From the plan of a batch to its bytes, waiting for memory included, of batches that were sent. Batches that share a cut count once.",
    ...latency,
  });
  const wantSeconds = new Histogram({
    name: "patchstream_want_duration_seconds",
    help: "From a stream's want to the end of sending its batch.",
    ...latency,
  });
  const perStage = { labelNames: ["timeline", "stage"], registers };
  const foregroundShare = new Histogram({
    name: "patchstream_batch_foreground_share",
    help: "Share of a batch's voxels that have a foreground class, of one step in eight.",
    buckets: SHARES,
    ...perStage,
  });
  const classesSeen = new Histogram({
    name: "patchstream_batch_classes_seen_share",
    help: "Share of the foreground classes that have a voxel in a batch, of one step in eight.",
    buckets: SHARES,
    ...perStage,
  });
  const patchSizeRatio = new Gauge({
    name: "patchstream_patch_size_ratio",
    help: "Voxels of a patch, as a share of the final patch's.",
    ...perStage,
  });
  const stageReports = new Counter({
    name: "patchstream_stage_reports_total",
    help: "Stage reports applied.",
    registers,
  });
  new Gauge({
    name: "patchstream_streams",
    help: "Streams open now.",
    registers,
    collect() {
      this.set(streams.inside);
    },
  });
  new Gauge({
    name: "patchstream_calls",
    help: "Calls in progress that are not streams.",
    registers,
    collect() {
      this.set(calls.inside);
    },
  });
  new Gauge({
    name: "patchstream_servers_needed",
    help: "Servers like this one that would be busy all the time if no trainer waited. All servers of a trainer say the same.",
    registers,
    collect() {
      this.set(paces.serversNeeded);
    },
  });
  new Gauge({
    name: "patchstream_trainers_waiting_share",
    help: "Share of their time for which trainers waited for batches, as they said in the last minute. Their mean.",
    registers,
    collect() {
      this.set(paces.waitingShare);
    },
  });
  new Gauge({
    name: "patchstream_kept_batches",
    help: "Batches in memory that no stream holds, kept for streams that come to them. They go when the memory is needed.",
    registers,
    collect() {
      this.set(cuts.kept);
    },
  });
  new Gauge({
    name: "patchstream_event_loop_longest_pause_seconds",
    help: "The longest time since the last scrape for which the thread that answers all calls was busy with one of them.",
    registers,
    collect() {
      this.set(pause.takeLongestSeconds());
    },
  });
  addEngineMetrics(service.registry, engine);
  addStoreMetrics(service.registry, store);
  return {
    ...service,
    stageReports,
    wantFulfilled: (stage, seconds) => wantSeconds.observe({ stage }, seconds),
    batchSent({ timeline, stage, bytes, cutSeconds: seconds, isShared, statistics }) {
      batches.inc({ stage });
      bytesSent.inc(bytes);
      if (isShared) shared.inc({ stage });
      else cutSeconds.observe({ stage }, seconds);
      if (statistics === undefined) return;
      foregroundShare.observe({ timeline, stage }, statistics.foregroundShare);
      classesSeen.observe({ timeline, stage }, statistics.classesSeen);
      patchSizeRatio.set({ timeline, stage }, statistics.patchSizeRatio);
    },
  };
}
