import { PatchstreamError } from "../../plan/errors.js";
import type { CallOptions } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { type Clock, MOST_LATE_MS } from "./clock.js";
import type { Fleet } from "./fleet.js";
import { FIRST_RENEWAL_MS, Patience, TICK_MS } from "./patience.js";
import type { Replica } from "./replica.js";
import { nextTry } from "./retry.js";

/** Damage is asked for again twice. */
const MOST_DAMAGES = 3;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1_000;

export interface AttemptOptions extends CallOptions {
  /** To be called for every part of the answer. */
  readonly heard: () => void;
}

/** Makes a call at one server. */
export type Attempt<T> = (channel: Channel, options: AttemptOptions) => Promise<T>;

export interface ReplicasOptions {
  readonly deadlineMs: number;
  readonly clock: Clock;
}

/**
 * The replicas of one data set, for unary calls: each call goes to the one with the fewest, not to one that was silent or failed
 * lately, and elsewhere too when nothing is heard for max(250 ms, 3 x recent). The first answer counts; the rest is cancelled.
 */
export class Replicas {
  readonly #fleet: Fleet;
  readonly #options: ReplicasOptions;
  readonly #patience = new Map<string, Patience>();
  #asked = 0;
  #hasAnswered = false;

  constructor(fleet: Fleet, options: ReplicasOptions) {
    this.#fleet = fleet;
    this.#options = options;
  }

  /**
   * The answer of any replica. Throws what says that no other attempt can help; what the last attempt said, or DEADLINE, when the
   * deadline passes; UNAVAILABLE at once when no server was ever reached and none can be.
   */
  call<T>(kind: string, signal: AbortSignal, attempt: Attempt<T>): Promise<T> {
    const patience = this.#patience.get(kind) ?? new Patience();
    this.#patience.set(kind, patience);
    const { clock, deadlineMs } = this.#options;
    return new HedgedCall(attempt, {
      fleet: this.#fleet,
      clock,
      deadlineMs,
      patience,
      asked: () => ++this.#asked,
      answered: () => {
        this.#hasAnswered = true;
      },
      hasAnswered: () => this.#hasAnswered,
    }).answer(signal);
  }
}

interface HedgedCallParts extends ReplicasOptions {
  readonly fleet: Fleet;
  readonly patience: Patience;
  /** The number of the call, over all replicas. */
  readonly asked: () => number;
  readonly answered: () => void;
  readonly hasAnswered: () => boolean;
}

interface Running {
  readonly replica: Replica;
  readonly stop: AbortController;
  heardMs: number;
  longestSilenceMs: number;
}

/** One call, at one replica or several at once. */
class HedgedCall<T> {
  readonly #attempt: Attempt<T>;
  readonly #parts: HedgedCallParts;
  #endMs: number;
  /** When silences were last looked at. */
  #tickedMs: number;
  readonly #running = new Set<Running>();
  /** Those that failed since the last pause, and those that will not do better. */
  readonly #failed = new Set<Replica>();
  readonly #refused = new Set<Replica>();
  readonly #failures = new Map<Replica, PatchstreamError>();
  #last: PatchstreamError | undefined;
  #damages = 0;
  #pauseMs = FIRST_PAUSE_MS;
  #renewalMs = FIRST_RENEWAL_MS;
  #isOver = false;
  #resolve: (answer: T) => void = () => {};
  #reject: (error: unknown) => void = () => {};

  constructor(attempt: Attempt<T>, parts: HedgedCallParts) {
    this.#attempt = attempt;
    this.#parts = parts;
    this.#tickedMs = parts.clock.now();
    this.#endMs = this.#tickedMs + parts.deadlineMs;
  }

  answer(signal: AbortSignal): Promise<T> {
    const answer = new Promise<T>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const abort = () => this.#fail(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
    if (signal.aborted) abort();
    else this.#askNext();
    this.#tick();
    return answer.finally(() => signal.removeEventListener("abort", abort));
  }

  #fail(error: unknown): void {
    this.#end(() => this.#reject(error));
  }

  #end(settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const { stop } of this.#running) stop.abort();
    settle();
  }

  /** Asks the best of those that have not been asked or have not failed; false where there is none. */
  #askNext(): boolean {
    const busy = new Set([...this.#running].map(({ replica }) => replica));
    const free = this.#parts.fleet.replicas.filter(
      (replica) => !busy.has(replica) && !this.#failed.has(replica) && !this.#refused.has(replica),
    );
    const [first] = free.sort(
      (a, b) => Number(a.isTroubled) - Number(b.isTroubled) || a.calls - b.calls || a.lastAsked - b.lastAsked,
    );
    if (first === undefined) return false;
    this.#ask(first);
    return true;
  }

  #ask(replica: Replica): void {
    const { clock, patience } = this.#parts;
    const running: Running = { replica, stop: new AbortController(), heardMs: clock.now(), longestSilenceMs: 0 };
    const heard = () => {
      const now = clock.now();
      running.longestSilenceMs = Math.max(running.longestSilenceMs, now - running.heardMs);
      running.heardMs = now;
    };
    this.#running.add(running);
    replica.calls++;
    replica.lastAsked = this.#parts.asked();
    const timeoutMs = Math.ceil(Math.max(1, this.#endMs - clock.now()));
    const over = () => {
      this.#running.delete(running);
      replica.calls--;
    };
    this.#attempt(replica.channel, { timeoutMs, signal: running.stop.signal, heard }).then(
      (answer) => {
        over();
        if (this.#isOver) return;
        heard();
        patience.took(running.longestSilenceMs);
        replica.answered();
        this.#parts.answered();
        this.#end(() => this.#resolve(answer));
      },
      (error: unknown) => {
        over();
        if (!this.#isOver) this.#failedAt(replica, error);
      },
    );
  }

  #failedAt(replica: Replica, error: unknown): void {
    const next = error instanceof PatchstreamError ? nextTry(error) : "never";
    if (!(error instanceof PatchstreamError) || next === "never") {
      this.#fail(error);
      return;
    }
    if (error.code !== "DEADLINE") this.#last = error;
    this.#failures.set(replica, error);
    replica.troubled();
    if (next === "again") this.#damagedAt(replica, error);
    else {
      (next === "elsewhere" ? this.#refused : this.#failed).add(replica);
      if (!this.#askNext() && this.#running.size === 0) this.#allFailed(error);
    }
  }

  #damagedAt(replica: Replica, error: PatchstreamError): void {
    this.#damages++;
    replica.renew();
    if (this.#damages >= MOST_DAMAGES) this.#fail(damagedAtLast(error));
    else if (this.#running.size === 0 && !this.#askNext()) this.#ask(replica);
  }

  /** All that may do better later are asked again after a pause. */
  #allFailed(error: PatchstreamError): void {
    const { fleet, clock, hasAnswered } = this.#parts;
    const { replicas } = fleet;
    if (replicas.every((replica) => this.#refused.has(replica))) this.#fail(error);
    else if (!hasAnswered() && replicas.every(({ channel }) => !channel.contacted))
      this.#fail(this.#noneReached(error));
    else
      clock.after(this.#pauseMs, () => {
        this.#pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * this.#pauseMs);
        this.#failed.clear();
        if (!this.#isOver) this.#askNext();
      });
  }

  /** One line for all servers that could not be reached. */
  #noneReached(last: PatchstreamError): PatchstreamError {
    const { replicas } = this.#parts.fleet;
    const whys = replicas.map((replica) => this.#failures.get(replica)?.facts);
    const reasons = new Set(whys.flatMap((why) => (why?.code === "UNAVAILABLE" ? [why.reason] : [])));
    if (replicas.length === 1 || reasons.size === 0) return last;
    const reason = [...reasons].map((one) => {
      const at = whys.flatMap((why) => (why?.code === "UNAVAILABLE" && why.reason === one ? [why.address] : []));
      return reasons.size === 1 ? one : `${one} (${at.join(", ")})`;
    });
    const address = replicas.map((replica) => replica.address).join(", ");
    return new PatchstreamError({ code: "UNAVAILABLE", address, reason: reason.join("; ") }, last.hint);
  }

  /** Looks at silences: what is not heard of is asked elsewhere, or over a new connection. */
  #tick(): void {
    const { clock, patience, deadlineMs, fleet } = this.#parts;
    if (this.#isOver) return;
    const now = clock.now();
    const sleptMs = now - this.#tickedMs;
    this.#tickedMs = now;
    if (sleptMs > MOST_LATE_MS) this.#endMs += sleptMs;
    if (now >= this.#endMs) {
      const waitedFor = `an answer of ${fleet.replicas.map(({ address }) => address).join(", ")}`;
      const late = () => new PatchstreamError({ code: "DEADLINE", waitedFor, timeoutMs: deadlineMs });
      this.#fail(this.#last ?? late());
      return;
    }
    const silences = [...this.#running].map(({ heardMs }) => now - heardMs);
    if (silences.length > 0 && Math.min(...silences) > patience.hedgeMs) {
      for (const { replica } of this.#running) replica.troubled();
      if (!this.#askNext() && Math.min(...silences) > this.#renewalMs) {
        this.#renewalMs *= 2;
        const [silent] = this.#running;
        silent?.replica.renew();
        if (silent !== undefined) this.#ask(silent.replica);
      }
    }
    clock.after(TICK_MS, () => this.#tick());
  }
}

/** A batch counts its own attempts. */
function damagedAtLast(error: PatchstreamError): PatchstreamError {
  const { facts } = error;
  return facts.code === "BATCH_DAMAGED"
    ? new PatchstreamError({ ...facts, attempts: MOST_DAMAGES }, error.hint)
    : error;
}
