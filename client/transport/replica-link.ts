import type { PatchstreamError } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import type { ReplicaState } from "../types.js";
import type { ExpectedBatch } from "./batch-receiver.js";
import type { Clock } from "./clock.js";
import type { LinkStanding } from "./fleet-standing.js";
import type { ReceivedBatch } from "./messages.js";
import { FIRST_CHEAP_RENEWAL_MS, FIRST_RENEWAL_MS } from "./patience.js";
import type { Replica } from "./replica.js";
import { type BatchTime, ReplicaStream, type Want } from "./replica-stream.js";
import { nextTry } from "./retry.js";
import type { OpenStream } from "./stream-call.js";
import { type Candidate, Worth } from "./worth.js";

/** Streams opened anew after damage, in a row without a good batch in between. */
const MOST_RENEWALS = 3;
const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 400;
/** A replica that refuses the run is asked again after so long: another version may run there by then. */
const REFUSED_MS = 5_000;

/** What a link tells its session. */
export interface LinkEvents {
  expected(stage: number): ExpectedBatch;
  isNeeded(want: Want): boolean;
  ended(want: Want, batch: ReceivedBatch | "damaged" | "unneeded", tookMs: number): void;
  /** Something has changed: there may be more to ask, here or elsewhere. */
  changed(): void;
  /** It takes no wants of this run for now: `error` says why. */
  refused(error: PatchstreamError): void;
}

export interface LinkOptions {
  readonly start: Messages["Start"];
  readonly events: LinkEvents;
  readonly clock: Clock;
  readonly openStream: OpenStream;
  /** Of one stream, as the server limits it. */
  readonly maxOutstandingBytes: number;
  readonly maxOutstandingSteps: number;
}

/** A session's stream to one replica, opened again whenever it ends. */
export class ReplicaLink {
  readonly replica: Replica;
  readonly #options: LinkOptions;
  readonly #worth: Worth;
  #at: "up" | "backing off" | "closed" = "up";
  #refusedMs: number | undefined;
  #stream: ReplicaStream | undefined;
  #failures = 0;
  #renewals = 0;
  /** How many times as long as the first time a silence may be: of a stream that is being opened, and of one that owes batches. */
  #openingDoubled = 1;
  #doubled = 1;
  #stopWaiting: () => void = () => {};
  lastFailure: PatchstreamError | undefined;

  constructor(replica: Replica, options: LinkOptions) {
    this.replica = replica;
    this.#options = options;
    this.#worth = new Worth(options.clock);
  }

  /** It asks for nothing any more. */
  get isClosed(): boolean {
    return this.#at === "closed";
  }

  /** Open for wants. */
  get takesWants(): boolean {
    return this.#stream?.takesWants ?? false;
  }

  /** It has said that it does not serve the run, and nothing else since. */
  get isRefused(): boolean {
    return this.#refusedMs !== undefined;
  }

  /** It has refused the run before that time, and was not asked again or has not answered yet. */
  refusedBefore(ms: number): boolean {
    return this.#refusedMs !== undefined && this.#refusedMs < ms;
  }

  /** Asks one that has refused again now. */
  askAgain(): void {
    if (!this.isRefused || this.#at !== "backing off") return;
    this.#stopWaiting();
    this.open();
  }

  get outstanding(): number {
    return this.#stream?.outstanding ?? 0;
  }

  /** For how long nothing has come though something is owed, a batch or the answer to Start; 0 where nothing is. */
  get silentMs(): number {
    return this.#stream?.silentMs ?? 0;
  }

  open(): void {
    const { start, clock, openStream, events } = this.#options;
    this.#at = "up";
    const streamEvents = {
      opened: () => {
        this.#failures = 0;
        this.#openingDoubled = 1;
        this.#refusedMs = undefined;
        events.changed();
      },
      expected: events.expected,
      isNeeded: events.isNeeded,
      ended: (want: Want, batch: ReceivedBatch | "damaged" | "unneeded", took: BatchTime) => {
        const { tally } = this.replica;
        if (typeof batch === "object") tally.received(batch);
        else if (batch === "damaged") tally.damagedBatches++;
        if (batch !== "damaged") {
          this.#renewals = 0;
          this.#doubled = 1;
          this.replica.answered();
          if (took.isBehindAnother) this.#worth.took(took.ms, want.byteLength);
        }
        events.ended(want, batch, took.ms);
      },
      confirmed: () => events.changed(),
      lost: (error: PatchstreamError) => this.#lost(error),
    };
    this.#stream = new ReplicaStream(this.replica, start, { events: streamEvents, clock, openStream });
  }

  /** True when a want of that size may be sent: one is always allowed, more within the server's limits. */
  hasRoom(byteLength: number): boolean {
    const { maxOutstandingBytes, maxOutstandingSteps } = this.#options;
    const stream = this.#stream;
    if (stream?.takesWants !== true) return false;
    if (stream.outstanding === 0) return true;
    return stream.outstanding < maxOutstandingSteps && stream.outstandingBytes + byteLength <= maxOutstandingBytes;
  }

  /** What it would owe with a want of that size. */
  candidate(byteLength: number): Candidate {
    return { bytes: (this.#stream?.outstandingBytes ?? 0) + byteLength, msPerByte: this.#worth.msPerByte };
  }

  hasAsked(step: number): boolean {
    return this.#stream?.hasAsked(step) ?? false;
  }

  want(want: Want): void {
    this.#stream?.want(want);
  }

  cancel(step: number): void {
    this.#stream?.cancel(step);
  }

  get standing(): LinkStanding {
    const { replica, outstanding: owed } = this;
    return { replica, state: this.#state, owed, msPerByte: this.#worth.msPerByte };
  }

  get #state(): ReplicaState {
    if (this.replica.isRetired || this.#stream?.isDraining) return "leaving";
    if (this.isRefused) return "refused";
    if (this.#at === "backing off" || this.#failures > 0) return "lost";
    if (this.replica.tally.isSilent) return "silent";
    return this.#stream?.isOpening ? "opening" : "serving";
  }

  tellPace(pace: Messages["Pace"]): void {
    this.#stream?.tellPace(pace);
  }

  /** See `ReplicaStream.report`; a link without a stream has nothing to take back. */
  report(...args: Parameters<ReplicaStream["report"]>): Promise<void> {
    return this.#stream?.takesWants ? this.#stream.report(...args) : Promise.resolve();
  }

  /**
   * Gives the connection up for a new one after a long silence; the next silence may be twice as long. `others`: whether there are other
   * replicas, and one that takes wants and is not silent.
   */
  renewIfSilent(others: "none" | "silent" | "well"): void {
    const isOpening = this.#stream?.isOpening ?? false;
    const isCheap = others === "well" || (others === "silent" && isOpening);
    const firstMs = isCheap ? FIRST_CHEAP_RENEWAL_MS : FIRST_RENEWAL_MS;
    if (this.silentMs <= firstMs * (isOpening ? this.#openingDoubled : this.#doubled)) return;
    if (this.replica.isRetired) {
      this.close();
      return;
    }
    if (isOpening) this.#openingDoubled *= 2;
    else this.#doubled *= 2;
    this.#stream?.close();
    this.replica.renew();
    this.open();
    this.#options.events.changed();
  }

  close(): void {
    this.#at = "closed";
    this.#stopWaiting();
    this.#stream?.close();
    this.#stream = undefined;
  }

  #lost(error: PatchstreamError): void {
    if (this.#at === "closed") return;
    const { events } = this.#options;
    const { tally } = this.replica;
    tally.failed(error.message);
    tally.failovers += this.outstanding;
    this.lastFailure = error;
    this.#stream = undefined;
    this.replica.troubled();
    if (this.replica.isRetired) this.close();
    else if (nextTry(error) === "later") {
      const waitMs = this.#failures === 0 ? 0 : FIRST_BACKOFF_MS * 2 ** (this.#failures - 1);
      this.#failures++;
      this.#refusedMs = undefined;
      if (error.facts.code === "DEADLINE") this.replica.renew(); // no answer to OpenLane: the connection may be dead
      this.#reopenAfter(Math.min(LONGEST_BACKOFF_MS, waitMs));
    } else if (this.#renewals < MOST_RENEWALS) {
      // Also for a refusal: it may answer what was damaged on its way to the server, or on a connection whose headers were.
      this.#renewals++;
      this.replica.renew();
      this.#reopenAfter(0);
    } else {
      this.#refusedMs = this.#options.clock.now();
      this.#reopenAfter(REFUSED_MS);
      events.refused(error);
    }
    events.changed();
  }

  #reopenAfter(waitMs: number): void {
    this.#at = "backing off";
    this.#stopWaiting = this.#options.clock.after(waitMs, () => this.open());
  }
}
