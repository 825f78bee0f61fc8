import { Counter, Gauge, type Registry } from "prom-client";
import type { Engine, EngineMetrics } from "../engine/engine.js";

type Kind = "gauge" | "counter";

/** Every count of an engine: a count that is left out does not compile. */
const METRICS: Readonly<Record<keyof EngineMetrics, readonly [Kind, name: string, help: string]>> = {
  leasedSlots: ["gauge", "leased_batches", "Batches in memory that are cut, being cut, being sent or kept."],
  openCuts: ["gauge", "open_cuts", "Batches that are being cut, or wait for it."],
  waitingBatches: ["gauge", "waiting_batches", "Batches that wait for memory."],
  batches: ["counter", "batches_cut_total", "Batches cut."],
  cuts: ["counter", "samples_cut_total", "Samples of those batches."],
  bytes: ["counter", "batch_bytes_cut_total", "Tensor bytes of those batches."],
  volumeLoads: ["counter", "volume_loads_total", "Volumes read from the store into memory."],
  cacheHits: ["counter", "volume_hits_total", "Samples whose volume was in memory."],
  evictions: ["counter", "volume_evictions_total", "Volumes dropped to make room for others."],
  regionCuts: [
    "counter",
    "region_cuts_total",
    "Samples read from the store since their volumes found no room in memory.",
  ],
  decodedBytes: ["counter", "decoded_bytes_total", "Bytes of the store's chunks that were read, once decoded."],
  croppedBytes: [
    "counter",
    "cropped_bytes_total",
    "Bytes of the boxes that patches were made of, image and label as stored.",
  ],
  workerDeaths: ["counter", "worker_deaths_total", "Threads that ended while they worked, and were replaced."],
};

/** Adds an engine's own counts, read when they are asked for. */
export function addEngineMetrics(registry: Registry, engine: Engine): void {
  const registers = [registry];
  for (const key of Object.keys(METRICS) as (keyof EngineMetrics)[]) {
    const [kind, ending, help] = METRICS[key];
    const name = `patchstream_engine_${ending}`;
    if (kind === "gauge")
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(engine.metrics[key]);
        },
      });
    else
      new Counter({
        name,
        help,
        registers,
        collect() {
          this.reset();
          this.inc(engine.metrics[key]);
        },
      });
  }
}
