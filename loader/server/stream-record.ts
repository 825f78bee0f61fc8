import type { Messages } from "../../proto/messages.js";
import type { Carrier } from "../../rpc/carrier.js";
import type { ServiceEvent, ServiceLog } from "../../rpc/server/service-log.js";

type End = Pick<Extract<ServiceEvent, { event: "stream-ended" }>, "outcome" | "code">;

let opened = 0;

/** What the log tells of one stream: its beginning, its stage changes, its end. */
export class StreamRecord {
  readonly #log: ServiceLog;
  /** Tells the streams of a process apart. */
  readonly #stream = ++opened;
  readonly #startedMs = performance.now();
  #batches = 0;
  #bytes = 0;

  /** Logs the stream that `start` opened for the run `digest`. */
  constructor(
    log: ServiceLog,
    { peer, carrier }: { readonly peer: string; readonly carrier: Carrier },
    start: Messages["Start"],
    digest: string,
  ) {
    this.#log = log;
    const { timeline, rank, ranks } = start;
    log({ event: "stream-opened", stream: this.#stream, peer, carrier, digest, timeline, rank, ranks });
  }

  changeStage(stage: number, fromStep: number): void {
    this.#log({ event: "stage-changed", stream: this.#stream, stage, fromStep });
  }

  /** A batch was sent, whose tensors have so many bytes. */
  countBatch(bytes: number): void {
    this.#batches++;
    this.#bytes += bytes;
  }

  end(how: End): void {
    const seconds = Math.round(performance.now() - this.#startedMs) / 1e3;
    const [stream, batches, bytes] = [this.#stream, this.#batches, this.#bytes];
    this.#log({ event: "stream-ended", stream, ...how, batches, bytes, seconds });
  }
}
