import { Counter, type Registry } from "prom-client";
import { type ReadCount, ReadCounts } from "../dataset/remote/read-counts.js";
import type { StoreLocation } from "../dataset/store.js";

/** Every count of a remote store's reads: a count that is left out does not compile. */
const METRICS: Readonly<Record<ReadCount, readonly [name: string, help: string]>> = {
  requests: ["requests_total", "Requests to the remote store's server, those that failed too."],
  retries: ["retries_total", "Requests that failed in passing, and were made again."],
  receivedBytes: ["received_bytes_total", "Bytes of files that came from the remote store's server."],
  cacheHits: ["cache_hits_total", "Pieces of the remote store that were found in the cache on disk."],
  cacheHitBytes: ["cache_hit_bytes_total", "Bytes of those pieces."],
  cacheMisses: ["cache_misses_total", "Pieces that were looked for in the cache on disk and were not there."],
  cacheRemovedBytes: ["cache_removed_bytes_total", "Bytes that this server removed from the cache to make room."],
  damagedReads: ["damaged_reads_total", "Pieces whose checksum was wrong, as they came or in the cache on disk."],
};

/** Adds what reading a remote store takes, read when it is asked for; nothing for a store in a folder. */
export function addStoreMetrics(registry: Registry, location: StoreLocation): void {
  if (location.kind !== "remote") return;
  const counts = new ReadCounts(location.counts);
  for (const key of Object.keys(METRICS) as ReadCount[]) {
    const [ending, help] = METRICS[key];
    new Counter({
      name: `patchstream_store_${ending}`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(counts.get(key));
      },
    });
  }
}
