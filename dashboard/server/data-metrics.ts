import { type Scraped, scrape } from "../../rpc/index.js";
import type { ServerFigures } from "../messages.js";

/** One look at one server's metrics. */
interface Look {
  readonly address: string;
  readonly atMs: number;
  readonly metrics: Scraped | string;
}

const TIMEOUT_MS = 5_000;

/** Looks at the metrics of data servers. */
export class ServerLooks {
  readonly #addresses: readonly string[];

  constructor(addresses: readonly string[]) {
    this.#addresses = addresses;
  }

  look(): Promise<readonly Look[]> {
    return Promise.all(
      this.#addresses.map(async (address) => {
        const metrics = await scrape(address, TIMEOUT_MS).catch(why);
        return { address, atMs: performance.now(), metrics };
      }),
    );
  }

  /** What two looks say, one after the other. */
  figures(before: readonly Look[], now: readonly Look[]): readonly ServerFigures[] {
    return now.map((look, place) => figuresOf(before[place], look));
  }
}

function why(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (cause instanceof Error && cause.name === "TimeoutError")
    return `it does not answer within ${TIMEOUT_MS / 1000} s`;
  return cause instanceof Error ? cause.message : String(cause);
}

function figuresOf(before: Look | undefined, { address, atMs, metrics }: Look): ServerFigures {
  if (typeof metrics === "string") return { address, trouble: metrics };
  const earlier = typeof before?.metrics === "object" ? before.metrics : undefined;
  const seconds = (atMs - (before?.atMs ?? atMs)) / 1000;
  const value = (name: string) => metrics.get(`patchstream_${name}`);
  const grown = (name: string) => {
    const [then, now] = [earlier?.get(`patchstream_${name}`), value(name)];
    return then === undefined || now === undefined || now < then ? undefined : now - then; // less: it was started again
  };
  const share = (part: number | undefined, whole: number | undefined) =>
    part !== undefined && whole !== undefined && whole > 0 ? part / whole : undefined;
  const perSecond = (name: string) => (seconds > 0 ? share(grown(name), seconds) : undefined);
  const hits = value("engine_volume_hits_total");
  const loads = value("engine_volume_loads_total");
  return defined({
    address,
    streams: value("streams"),
    batchesPerSecond: perSecond("batches_sent_total"),
    bytesPerSecond: perSecond("batch_bytes_sent_total"),
    sharedShare: share(value("shared_batches_sent_total"), value("batches_sent_total")),
    cutSeconds: share(grown("batch_cut_duration_seconds_sum"), grown("batch_cut_duration_seconds_count")),
    waitingBatches: value("engine_waiting_batches"),
    serversNeeded: value("servers_needed"),
    trainersWaiting: value("trainers_waiting_share"),
    volumeHits: hits === undefined || loads === undefined ? undefined : share(hits, hits + loads),
    workerDeaths: value("engine_worker_deaths_total"),
    callsFailed: value("calls_failed_total"),
  });
}

type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

function defined<T extends object>(figures: T): Partial<Defined<T>> & Pick<Defined<T>, "address" & keyof T> {
  const kept = Object.entries(figures).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Partial<Defined<T>> & Pick<Defined<T>, "address" & keyof T>;
}
