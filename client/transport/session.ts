import { type StageProposal, StageTimeline, scheduleOf } from "../../plan/batch/stage-timeline.js";
import { checkStage, stepsOf } from "../../plan/batch/timeline.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Channel } from "../../rpc/client/call.js";
import type { StageChanged } from "../types.js";
import { brokenProtocol, type ExpectedBatch } from "./batch-receiver.js";
import { decideStage } from "./decide-stage.js";
import type { ReceivedBatch, SessionRequest } from "./messages.js";
import { ReplicaStream } from "./replica-stream.js";
import { expectedBatch } from "./share-of-run.js";

/** A damaged batch is asked for again twice. */
const MOST_ATTEMPTS = 3;
const SHORTEST_HEDGE_MS = 250;
const HEDGE_TICK_MS = 50;
const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 1_000;

/** A step that is wanted and not delivered. */
interface WantedStep {
  readonly step: number;
  stage: number;
  /** Replicas that have been asked and have neither answered nor failed, and when they were asked. */
  readonly asked: Map<Replica, number>;
  damagedTimes: number;
  batch: ReceivedBatch | undefined;
}

/** One data server, and how its stream stands. */
interface Replica {
  readonly channel: Channel;
  stream: ReplicaStream | undefined;
  at: "connecting" | "open" | "backing off" | "refused";
  /** Failed attempts since it last answered. */
  failures: number;
  lastFailure: PatchstreamError | undefined;
  timer: NodeJS.Timeout | undefined;
  outstanding: number;
  lastBatchMs: number;
  /** The batch that it is sending; stale where its step has another stage by now and has been asked for again. */
  sending: { readonly step: number; isStale: boolean } | undefined;
}

interface Taker {
  readonly step: number;
  readonly resolve: (batch: ReceivedBatch) => void;
  readonly reject: (error: unknown) => void;
}

export interface SessionOptions {
  readonly channels: readonly Channel[];
  readonly deadlineMs: number;
  /** Milliseconds of a steady clock. */
  readonly now: () => number;
}

/**
 * One rank's batches, in step order, from any of the replicas. Steps are wanted ahead within the credit; each is asked of the
 * replica with the fewest wants, and again elsewhere when that one fails, falls silent or sends damage.
 */
export class Session {
  readonly #request: SessionRequest;
  readonly #options: SessionOptions;
  readonly #expected = new Map<number, ExpectedBatch>();
  readonly #timeline: StageTimeline;
  readonly #replicas: Replica[];
  /** In step order; all steps from the first undelivered to the first unwanted. */
  readonly #steps = new Map<number, WantedStep>();
  #firstUndelivered: number;
  #firstUnwanted: number;
  #taker: Taker | undefined;
  #failure: PatchstreamError | undefined;
  /** How long batches took lately, from being asked for (or the batch before) to being there. */
  #recentLatencyMs = 0;
  readonly #hedging: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(request: SessionRequest, options: SessionOptions) {
    this.#request = request;
    this.#options = options;
    const { info, timeline, decisions } = request;
    this.#timeline = new StageTimeline(scheduleOf(info.spec, timeline), decisions);
    this.#firstUndelivered = request.from;
    this.#firstUnwanted = request.from;
    this.#replicas = options.channels.map((channel) => ({
      channel,
      stream: undefined,
      at: "connecting",
      failures: 0,
      lastFailure: undefined,
      timer: undefined,
      outstanding: 0,
      lastBatchMs: 0,
      sending: undefined,
    }));
    if (this.#replicas.length > 1) this.#hedging = setInterval(() => this.#hedge(), HEDGE_TICK_MS).unref();
    this.#extend();
    for (const replica of this.#replicas) this.#connect(replica);
  }

  /** The batch of the first undelivered step, which counts as delivered from then on. */
  take(step: number, signal: AbortSignal): Promise<ReceivedBatch> {
    if (step !== this.#firstUndelivered || this.#taker !== undefined)
      throw new RangeError(`step ${step} was taken out of turn; step ${this.#firstUndelivered} is next`);
    return this.#withDeadline(signal, `step ${step} of ${this.#addresses()}`, (resolve, reject) => {
      this.#taker = { step, resolve, reject };
      this.#serve();
      return () => {
        this.#taker = undefined;
      };
    });
  }

  /** Announces a stage; resolves when every open stream has applied it. */
  changeStage(proposal: StageProposal, signal: AbortSignal): Promise<StageChanged> {
    const { info, timeline } = this.#request;
    checkStage(info.spec, timeline, proposal.stage);
    const progress = { firstUndelivered: this.#firstUndelivered, firstUnwanted: this.#firstUnwanted };
    const decision = decideStage(proposal, progress);
    this.#timeline.add(decision);
    for (const wanted of this.#steps.values()) {
      const stage = this.#timeline.stageOf(wanted.step);
      if (stage === wanted.stage) continue;
      wanted.stage = stage;
      wanted.batch = undefined;
      for (const replica of this.#replicas) {
        const { sending, stream } = replica;
        // A stale one's step was asked for again already: what comes for that has whatever stage is announced by then.
        if (sending?.step !== wanted.step || sending.isStale || !wanted.asked.delete(replica)) continue;
        sending.isStale = true;
        stream?.skipBatch();
      }
    }
    const { stage, fromStep } = decision;
    const steps = stepsOf(info.spec, timeline);
    const report = { ...decision, metrics: {} };
    const isInTheRun = fromStep < steps;
    const scheduleFrom = isInTheRun ? this.#timeline.resumes(decision, steps) : undefined;
    const changed = { ...decision, ...(scheduleFrom !== undefined && { scheduleFrom }) };
    // Before the report, which has servers cut at once: the step needed first must be wanted again by then.
    this.#ask();
    const applied = this.#replicas.map(({ at, stream }) =>
      at === "open" && isInTheRun ? stream?.report(report) : undefined,
    );
    return this.#withDeadline(signal, `stage ${stage} to be applied by ${this.#addresses()}`, (resolve, reject) => {
      Promise.all(applied).then(() => resolve(changed), reject);
      return () => {};
    });
  }

  /** What a stage's batches must look like. */
  #expectedOf(stage: number): ExpectedBatch {
    const expected = this.#expected.get(stage) ?? expectedBatch(this.#request, stage);
    this.#expected.set(stage, expected);
    return expected;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#hedging);
    for (const { stream, timer } of this.#replicas) {
      clearTimeout(timer);
      stream?.close();
    }
    this.#steps.clear();
    this.#taker?.reject(
      new PatchstreamError({ code: "UNAVAILABLE", address: this.#addresses(), reason: "the run was closed" }),
    );
  }

  #addresses(): string {
    return this.#replicas.map(({ channel }) => channel.address).join(", ");
  }

  /** Waits for at most the deadline; `begin` starts the work and returns what ends it. */
  #withDeadline<T>(
    signal: AbortSignal,
    waitedFor: string,
    begin: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  ): Promise<T> {
    const { deadlineMs } = this.#options;
    return new Promise<T>((resolve, reject) => {
      const late = () => {
        const failures = this.#replicas.flatMap(({ lastFailure }) => (lastFailure ? [lastFailure.message] : []));
        const hint = failures.length > 0 ? `Last failure: ${failures.join("; ")}` : undefined;
        stop(() => reject(new PatchstreamError({ code: "DEADLINE", waitedFor, timeoutMs: deadlineMs }, hint)));
      };
      const abort = () => stop(() => reject(signal.reason));
      const timer = setTimeout(late, deadlineMs);
      let end: () => void = () => {};
      const stop = (settle: () => void) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", abort);
        end();
        settle();
      };
      signal.addEventListener("abort", abort, { once: true });
      end = begin(
        (value) => stop(() => resolve(value)),
        (error) => stop(() => reject(error)),
      );
      if (signal.aborted) abort();
    });
  }

  #fail(error: PatchstreamError): void {
    this.#failure ??= error;
    this.#serve();
  }

  /** Hands the next batch to who waits for it. */
  #serve(): void {
    const taker = this.#taker;
    if (taker === undefined) return;
    if (this.#failure !== undefined) {
      this.#taker = undefined;
      taker.reject(this.#failure);
      return;
    }
    const batch = this.#steps.get(taker.step)?.batch;
    if (batch === undefined) return;
    this.#steps.delete(taker.step);
    this.#firstUndelivered++;
    this.#taker = undefined;
    taker.resolve(batch);
    this.#extend();
    this.#ask();
  }

  /** Wants steps ahead as far as the credit reaches; one step at least. */
  #extend(): void {
    const { to, creditBatches, creditBytes, firstUnwanted } = this.#request;
    let bytes = 0;
    for (const { stage } of this.#steps.values()) bytes += this.#expectedOf(stage).byteLength;
    while (this.#firstUnwanted < to) {
      const step = this.#firstUnwanted;
      const stage = this.#timeline.stageOf(step);
      bytes += this.#expectedOf(stage).byteLength;
      if (this.#steps.size > 0 && (this.#steps.size >= creditBatches || bytes > creditBytes)) break;
      this.#steps.set(step, { step, stage, asked: new Map(), damagedTimes: 0, batch: undefined });
      this.#firstUnwanted++;
    }
    Atomics.store(firstUnwanted, 0, this.#firstUnwanted);
  }

  /** Asks for every step that nobody has been asked for. */
  #ask(): void {
    for (const wanted of this.#steps.values())
      if (wanted.batch === undefined && wanted.asked.size === 0) this.#askOne(wanted, this.#leastBusy());
  }

  #leastBusy(): Replica | undefined {
    const usable = this.#replicas.filter(({ at, stream }) => at === "open" && stream?.draining === false);
    const heard = usable.filter((replica) => !this.#isSilent(replica));
    return (heard.length > 0 ? heard : usable).reduce<Replica | undefined>(
      (best, replica) => (best === undefined || replica.outstanding < best.outstanding ? replica : best),
      undefined,
    );
  }

  #askOne(wanted: WantedStep, replica: Replica | undefined): void {
    if (replica?.stream === undefined || wanted.asked.has(replica)) return;
    wanted.asked.set(replica, this.#options.now());
    replica.outstanding++;
    replica.stream.want(wanted.step, this.#timeline.decided(wanted.step)?.stage);
  }

  /** A replica that owes batches and has not been heard of for the hedge timeout. */
  #isSilent(replica: Replica): boolean {
    if (replica.outstanding === 0) return false;
    let askedMs = Infinity;
    for (const { asked } of this.#steps.values()) askedMs = Math.min(askedMs, asked.get(replica) ?? Infinity);
    const since = Math.max(askedMs, replica.stream?.lastHeardMs ?? 0);
    return this.#options.now() - since > Math.max(SHORTEST_HEDGE_MS, 3 * this.#recentLatencyMs);
  }

  /** Sends the wants of silent replicas elsewhere too. */
  #hedge(): void {
    const silent = new Set(this.#replicas.filter((replica) => this.#isSilent(replica)));
    if (silent.size === 0) return;
    for (const wanted of this.#steps.values()) {
      const unheard = wanted.asked.size > 0 && [...wanted.asked.keys()].every((replica) => silent.has(replica));
      if (wanted.batch === undefined && unheard) this.#askOne(wanted, this.#leastBusy());
    }
  }

  #connect(replica: Replica): void {
    const { info, timeline, rank, ranks } = this.#request;
    replica.at = "connecting";
    replica.outstanding = 0;
    replica.sending = undefined;
    const start = {
      spec: info.specBytes,
      specSha256: Buffer.from(info.digest, "hex"),
      timeline: timeline === "train" ? "TIMELINE_TRAIN" : "TIMELINE_VAL",
      rank,
      ranks,
    } as const;
    const events = {
      opened: () => {
        replica.at = "open";
        replica.failures = 0;
        this.#ask();
      },
      begins: (step: number, stage: number) => this.#begins(replica, step, stage),
      ended: (step: number, batch: ReceivedBatch | "damaged" | "unneeded") => this.#ended(replica, step, batch),
      lost: (error: PatchstreamError, retry: boolean) => this.#lost(replica, error, retry),
    };
    replica.stream = new ReplicaStream(replica.channel, start, events, this.#options.now);
  }

  #begins(replica: Replica, step: number, stage: number): ExpectedBatch | undefined {
    const wanted = this.#steps.get(step);
    if (step >= this.#firstUnwanted || step < this.#request.from)
      throw brokenProtocol(`step ${step} came, which was not wanted`);
    replica.sending = { step, isStale: false };
    const needed = wanted?.asked.has(replica) && wanted.batch === undefined && wanted.stage === stage;
    return needed ? this.#expectedOf(stage) : undefined;
  }

  #ended(replica: Replica, step: number, batch: ReceivedBatch | "damaged" | "unneeded"): void {
    const isStale = replica.sending?.isStale;
    replica.sending = undefined;
    replica.outstanding--;
    if (isStale) return;
    const wanted = this.#steps.get(step);
    const askedMs = wanted?.asked.get(replica);
    if (wanted === undefined || askedMs === undefined) return;
    wanted.asked.delete(replica);
    if (batch === "damaged") {
      wanted.damagedTimes++;
      if (wanted.damagedTimes === MOST_ATTEMPTS)
        this.#fail(new PatchstreamError({ code: "BATCH_DAMAGED", step, attempts: MOST_ATTEMPTS }));
    } else if (batch !== "unneeded" && batch.stage === wanted.stage && wanted.batch === undefined) {
      const now = this.#options.now();
      const latencyMs = now - Math.max(askedMs, replica.lastBatchMs);
      this.#recentLatencyMs = Math.max(latencyMs, (this.#recentLatencyMs + latencyMs) / 2);
      replica.lastBatchMs = now;
      wanted.batch = batch;
      this.#serve();
    }
    this.#ask();
  }

  #lost(replica: Replica, error: PatchstreamError, retry: boolean): void {
    if (this.#closed) return;
    replica.lastFailure = error;
    replica.stream = undefined;
    replica.outstanding = 0;
    for (const { asked } of this.#steps.values()) asked.delete(replica);
    if (retry) {
      replica.at = "backing off";
      const waitMs = replica.failures === 0 ? 0 : FIRST_BACKOFF_MS * 2 ** (replica.failures - 1);
      replica.failures++;
      replica.timer = setTimeout(() => this.#connect(replica), Math.min(LONGEST_BACKOFF_MS, waitMs));
    } else {
      replica.at = "refused";
      if (this.#replicas.every(({ at }) => at === "refused")) this.#fail(error);
    }
    this.#ask();
  }
}
