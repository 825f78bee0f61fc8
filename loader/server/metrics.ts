import { Counter, Gauge, Registry } from "prom-client";
import type { Engine } from "../engine/engine.js";

/** What one server counts, in Prometheus's terms; a registry of its own, so that two servers in one process do not mix. */
export interface ServerMetrics {
  readonly registry: Registry;
  readonly stageReports: Counter;
  readonly streams: Gauge;
  batchSent(stage: number, bytes: number): void;
  failure(code: string): void;
}

export function createMetrics(engine: Engine): ServerMetrics {
  const registry = new Registry();
  const registers = [registry];
  const batches = new Counter({
    name: "patchstream_batches_sent_total",
    help: "Batches handed to gRPC completely.",
    labelNames: ["stage"],
    registers,
  });
  const bytesSent = new Counter({
    name: "patchstream_batch_bytes_sent_total",
    help: "Tensor bytes of those batches.",
    registers,
  });
  const failures = new Counter({
    name: "patchstream_calls_failed_total",
    help: "Calls that ended with an error, by its code.",
    labelNames: ["code"],
    registers,
  });
  const stageReports = new Counter({
    name: "patchstream_stage_reports_total",
    help: "Stage reports applied.",
    registers,
  });
  const streams = new Gauge({ name: "patchstream_streams", help: "Streams open now.", registers });
  new Gauge({
    name: "patchstream_engine",
    help: "The engine's own counts, by their names.",
    labelNames: ["count"],
    registers,
    collect() {
      for (const [count, value] of Object.entries(engine.metrics)) this.set({ count }, value);
    },
  });
  return {
    registry,
    stageReports,
    streams,
    batchSent(stage, bytes) {
      batches.inc({ stage });
      bytesSent.inc(bytes);
    },
    failure: (code) => failures.inc({ code }),
  };
}
