import { type StageProposal, StageTimeline } from "../../plan/batch/stage-timeline.js";
import { checkStage } from "../../plan/batch/timeline.js";
import { PatchstreamError } from "../../plan/errors.js";
import { TIMELINE_NAMES } from "../../rpc/timeline-names.js";
import { STREAM_CALL, type Tracing } from "../../rpc/tracing/tracing.js";
import type { StageChanged } from "../types.js";
import type { ExpectedBatch } from "./batch-receiver.js";
import type { Clock } from "./clock.js";
import { decideStage } from "./decide-stage.js";
import type { Fleet } from "./fleet.js";
import type { SessionStanding } from "./fleet-standing.js";
import type { ReceivedBatch, SentAhead, SessionRequest } from "./messages.js";
import { TrainerPace } from "./pace.js";
import { Patience, TICK_MS } from "./patience.js";
import type { Replica } from "./replica.js";
import { ReplicaLink } from "./replica-link.js";
import type { Want } from "./replica-stream.js";
import { scheduleOfRun } from "./schedule-of-run.js";
import { expectedBatch } from "./share-of-run.js";
import type { OpenStream } from "./stream-call.js";
import { type WantedStep, WantedSteps } from "./wanted-steps.js";
import { withDeadline } from "./with-deadline.js";
import { finishTimes } from "./worth.js";

/** A damaged batch is asked for again twice. */
const MOST_ATTEMPTS = 3;

interface Taker {
  readonly sinceMs: number;
  readonly resolve: (batch: ReceivedBatch | "ahead") => void;
  readonly reject: (error: unknown) => void;
}

export interface SessionOptions {
  readonly fleet: Fleet;
  readonly deadlineMs: number;
  readonly clock: Clock;
  readonly openStream: OpenStream;
  /** Gets the first undelivered batch as soon as it is there. */
  readonly sendAhead: (sent: SentAhead) => void;
  /** Where an OpenTelemetry SDK was started. */
  readonly tracing: Tracing | undefined;
}

/**
 * One rank's batches, in step order, from any of the replicas. Steps are wanted ahead within the credit; each is asked of the
 * replica that would be the first to have sent all it owes, and again elsewhere when that one fails, falls silent or sends damage.
 */
export class Session {
  readonly #request: SessionRequest;
  readonly #options: SessionOptions;
  readonly #expected = new Map<number, ExpectedBatch>();
  readonly #timeline: StageTimeline;
  #links: readonly ReplicaLink[] = [];
  readonly #steps: WantedSteps;
  readonly #patience = new Patience();
  readonly #pace: TrainerPace;
  #taker: Taker | undefined;
  #failure: PatchstreamError | undefined;
  #stopTicking: () => void = () => {};
  readonly #stopWatching: () => void;
  #isClosed = false;
  /** When the latest batch came; before the first, before all times. */
  #lastBatchMs = Number.NEGATIVE_INFINITY;

  constructor(request: SessionRequest, options: SessionOptions) {
    this.#request = request;
    this.#options = options;
    const { info, timeline, decisions } = request;
    this.#timeline = new StageTimeline(scheduleOfRun(info, timeline), decisions);
    this.#steps = new WantedSteps({
      ...request,
      stageOf: (step) => this.#timeline.stageOf(step),
      bytesOf: (stage) => this.#expectedOf(stage).share.byteLength,
    });
    this.#tellFirstUnwanted();
    this.#pace = new TrainerPace(options.clock, request.creditBatches);
    this.#stopWatching = options.fleet.watch(() => this.#followFleet());
    this.#followFleet();
    this.#tick();
  }

  /** The batch of the first undelivered step, or that it was sent ahead; it counts as delivered from then on. */
  take(step: number, signal: AbortSignal): Promise<ReceivedBatch | "ahead"> {
    if (step !== this.#steps.firstUndelivered || this.#taker !== undefined)
      throw new RangeError(`step ${step} was taken out of turn; step ${this.#steps.firstUndelivered} is next`);
    const { deadlineMs, clock } = this.#options;
    const late = () => this.#late(`step ${step} of ${this.#addresses()}`);
    this.#pace.asked();
    return withDeadline({ signal, deadlineMs, clock, late }, ({ resolve, reject }) => {
      this.#taker = { sinceMs: clock.now(), resolve, reject };
      this.#serve();
      return () => {
        this.#taker = undefined;
      };
    });
  }

  /** The batch of `step`, which was sent ahead, has been delivered. */
  delivered(step: number): void {
    const { firstUndelivered } = this.#steps;
    if (step !== firstUndelivered || this.#steps.get(step)?.batch !== "ahead")
      throw new RangeError(`step ${step} was delivered out of turn; step ${firstUndelivered} is next`);
    this.#pace.asked();
    this.#pace.got();
    this.#steps.deliver();
    this.#advance();
  }

  /**
   * Decides a stage. Steps from its first on are taken back from every replica and wanted again right behind the report, as far as the
   * credit reaches at the new size. Resolves when every replica that answers within the hedge time has applied it: wants name
   * their stage, so that one that does not answer needs no report.
   */
  async changeStage(proposal: StageProposal): Promise<StageChanged> {
    const { info, timeline } = this.#request;
    checkStage(info.spec, timeline, proposal.stage);
    const { firstUndelivered, firstUnwanted } = this.#steps;
    const decision = decideStage(proposal, { firstUndelivered, firstUnwanted });
    this.#timeline.add(decision);
    const { steps } = info[timeline];
    const isInTheRun = decision.fromStep < steps;
    const scheduleFrom = isInTheRun ? this.#timeline.resumes(decision, steps) : undefined;
    this.#steps.restage();
    this.#tellFirstUnwanted();
    const reports = isInTheRun ? this.#links.map((link) => this.#report(link, decision, scheduleFrom)) : [];
    this.#ask();
    const { clock } = this.#options;
    let stop = () => {};
    const bound = new Promise<void>((resolve) => {
      stop = clock.after(this.#patience.hedgeMs, resolve);
    });
    await Promise.race([Promise.all(reports), bound]);
    stop();
    return { ...decision, ...(scheduleFrom !== undefined && { scheduleFrom }) };
  }

  /** How its replicas do, and which batch its caller waits for. */
  get standing(): SessionStanding {
    const links = this.#links.map((link) => link.standing);
    const wanted = this.#steps.get(this.#steps.firstUndelivered);
    if (this.#taker === undefined || wanted === undefined) return { links };
    const { step, stage } = wanted;
    const waitedMs = this.#options.clock.now() - this.#taker.sinceMs;
    const asked = this.#links.filter((link) => link.hasAsked(step)).map(({ replica }) => replica.address);
    return { links, awaited: { timeline: this.#request.timeline, step, stage, waitedMs, asked } };
  }

  close(): void {
    this.#isClosed = true;
    this.#stopTicking();
    this.#stopWatching();
    for (const link of this.#links) link.close();
    this.#taker?.reject(
      new PatchstreamError(
        { code: "UNAVAILABLE", address: this.#addresses(), reason: "the run was closed" },
        "Open it again.",
      ),
    );
  }

  /** Replicas have come or gone. */
  #followFleet(): void {
    const known = new Set(this.#links.map(({ replica }) => replica));
    const fresh = this.#options.fleet.replicas.filter((replica) => !known.has(replica));
    const links = fresh.map((replica) => this.#linkTo(replica));
    this.#links = [...this.#links, ...links];
    for (const link of links) link.open();
    this.#ask();
  }

  /**
   * Leaves replicas that are gone from their name: when they owe nothing, and not before another one takes wants. What a name says may be
   * wrong, and a replica that works is better than one that does not.
   */
  #leaveRetired(): void {
    const isServed = this.#links.some((link) => !link.replica.isRetired && link.takesWants);
    for (const link of this.#links) if (link.replica.isRetired && isServed && link.outstanding === 0) link.close();
    if (this.#links.some(({ isClosed }) => isClosed)) this.#links = this.#links.filter(({ isClosed }) => !isClosed);
  }

  #linkTo(replica: Replica): ReplicaLink {
    const { info, timeline, rank, ranks } = this.#request;
    const { clock, openStream } = this.#options;
    const { maxOutstandingBytes, maxOutstandingSteps } = info.limits;
    const start = {
      spec: info.specBytes,
      specSha256: Buffer.from(info.digest, "hex"),
      timeline: TIMELINE_NAMES[timeline],
      rank,
      ranks,
    } as const;
    const events = {
      expected: (stage: number) => this.#expectedOf(stage),
      isNeeded: (want: Want) => this.#neededBy(want) !== undefined,
      ended: (want: Want, batch: ReceivedBatch | "damaged" | "unneeded", tookMs: number) =>
        this.#ended(want, batch, tookMs),
      changed: () => {
        this.#askRefusedAgain();
        this.#ask();
      },
      refused: (error: PatchstreamError) => this.#refused(error),
    };
    return new ReplicaLink(replica, { start, events, clock, openStream, maxOutstandingBytes, maxOutstandingSteps });
  }

  #report(link: ReplicaLink, decision: StageChanged, scheduleFrom: number | undefined): Promise<void> {
    const isSilent = this.#isSilent(link);
    const applied = link.report(decision, scheduleFrom);
    return isSilent ? Promise.resolve() : applied;
  }

  /** What a stage's batches must look like. */
  #expectedOf(stage: number): ExpectedBatch {
    const expected = this.#expected.get(stage) ?? expectedBatch(this.#request, stage);
    this.#expected.set(stage, expected);
    return expected;
  }

  #addresses(): string {
    return this.#links.map(({ replica }) => replica.address).join(", ");
  }

  #late(waitedFor: string): PatchstreamError {
    const [refused] = this.#links;
    if (refused?.lastFailure !== undefined && this.#links.every(({ isRefused }) => isRefused))
      return refused.lastFailure;
    const failures = this.#links.flatMap(({ lastFailure }) => (lastFailure ? [lastFailure.message] : []));
    const hint = failures.length > 0 ? `Last failure: ${failures.join("; ")}` : undefined;
    return new PatchstreamError({ code: "DEADLINE", waitedFor, timeoutMs: this.#options.deadlineMs }, hint);
  }

  /**
   * A replica does not serve the run. That no other does either ends it, but for an upgrade of all replicas to another recipe, which may be
   * taken back: then what was served before can be served again, and the deadline says for how long that is waited for. A refusal from
   * before the latest batch does not count: what it was for may be mended since.
   */
  #refused(error: PatchstreamError): void {
    const isUpgrade = error.code === "RECIPE_UNKNOWN" && this.#lastBatchMs > Number.NEGATIVE_INFINITY;
    const refuseStill = this.#links.every((link) => link.isRefused && !link.refusedBefore(this.#lastBatchMs));
    if (!isUpgrade && refuseStill) this.#fail(error);
  }

  /** When nobody takes wants, those that refused before the latest batch are asked again at once. */
  #askRefusedAgain(): void {
    if (this.#links.some(({ takesWants }) => takesWants)) return;
    for (const link of this.#links) if (link.refusedBefore(this.#lastBatchMs)) link.askAgain();
  }

  #fail(error: PatchstreamError): void {
    this.#failure ??= error;
    this.#serve();
  }

  /** Hands the next batch to who waits for it; where nobody waits, it is sent ahead. */
  #serve(): void {
    const taker = this.#taker;
    if (taker === undefined) {
      this.#sendAhead();
      return;
    }
    if (this.#failure !== undefined) {
      this.#taker = undefined;
      taker.reject(this.#failure);
      return;
    }
    const batch = this.#steps.deliver();
    if (batch === undefined) return;
    this.#taker = undefined;
    this.#pace.got();
    taker.resolve(batch);
    this.#advance();
  }

  /** After a delivery: wants what the credit reaches now, and sends the next batch ahead. */
  #advance(): void {
    this.#tellFirstUnwanted();
    this.#ask();
    this.#sendAhead();
  }

  #sendAhead(): void {
    if (this.#isClosed || this.#failure !== undefined) return;
    const sent = this.#steps.sendAhead();
    if (sent !== undefined) this.#options.sendAhead(sent);
  }

  #tellFirstUnwanted(): void {
    Atomics.store(this.#request.firstUnwanted, 0, this.#steps.firstUnwanted);
  }

  /** Asks for every step that nobody has been asked for, lowest first, as far as there is room. */
  #ask(): void {
    if (this.#isClosed || this.#failure !== undefined) return; // nothing more will be handed out
    this.#leaveRetired();
    for (const wanted of this.#steps.missing()) {
      if (this.#links.some((link) => link.hasAsked(wanted.step))) continue;
      if (!this.#askOne(wanted)) return;
    }
  }

  /**
   * Asks the one that would be first to have sent all it owes, of those that have room and have not been asked: one that its name leads to
   * before one that is gone, and one that is heard of before one that is silent.
   */
  #askOne(wanted: WantedStep): boolean {
    const { step, stage } = wanted;
    const want = { step, stage, byteLength: this.#expectedOf(stage).share.byteLength };
    const usable = this.#links.filter((link) => link.hasRoom(want.byteLength) && !link.hasAsked(step));
    const rank = (link: ReplicaLink) => 2 * Number(this.#isSilent(link)) + Number(link.replica.isRetired);
    const best = Math.min(...usable.map(rank));
    const candidates = usable.filter((link) => rank(link) === best);
    const times = finishTimes(candidates.map((link) => link.candidate(want.byteLength)));
    const first = candidates[times.indexOf(Math.min(...times))];
    if (first === undefined) return false;
    first.want({ ...want, ...this.#traced(wanted) });
    return true;
  }

  /** What makes the server's spans children of the want's: one trace for a batch, also where several replicas are asked for it. */
  #traced(wanted: WantedStep): { readonly traceparent?: string } {
    const { timeline, rank } = this.#request;
    const { step, stage } = wanted;
    wanted.trace ??= this.#options.tracing?.begin("patchstream.want", {
      ...STREAM_CALL,
      "patchstream.timeline": timeline,
      "patchstream.step": step,
      "patchstream.stage": stage,
      "patchstream.rank": rank,
    });
    return wanted.trace === undefined ? {} : { traceparent: wanted.trace.traceparent };
  }

  /** A replica that owes batches, or that its stream opens, and has not been heard of for the hedge time. */
  #isSilent(link: ReplicaLink): boolean {
    return link.silentMs > this.#patience.hedgeMs;
  }

  /** Looks at silences: the wants of silent replicas go elsewhere too, and in the end over a new connection. */
  #tick(): void {
    const silent = new Set(this.#links.filter((link) => this.#isSilent(link)));
    for (const { replica } of silent) {
      replica.troubled();
      replica.tally.fellSilent();
    }
    if (silent.size > 0 && silent.size < this.#links.length)
      for (const wanted of this.#steps.missing()) {
        const asked = this.#links.filter((link) => link.hasAsked(wanted.step));
        if (asked.length === 0 || !asked.every((link) => silent.has(link))) continue;
        if (!this.#askOne(wanted)) break;
        for (const { replica } of asked) replica.tally.failovers++;
      }
    const isServed = this.#links.some((link) => link.takesWants && !silent.has(link));
    const others = this.#links.length === 1 ? "none" : isServed ? "well" : "silent";
    for (const link of silent) link.renewIfSilent(others);
    const pace = this.#pace.due();
    if (pace !== undefined) for (const link of this.#links) link.tellPace(pace);
    this.#stopTicking = this.#options.clock.after(TICK_MS, () => this.#tick());
  }

  #neededBy({ step, stage }: Want): WantedStep | undefined {
    const wanted = this.#steps.get(step);
    return wanted?.stage === stage && wanted.batch === undefined ? wanted : undefined;
  }

  #ended(want: Want, batch: ReceivedBatch | "damaged" | "unneeded", tookMs: number): void {
    const wanted = this.#neededBy(want);
    if (batch === "damaged" && wanted !== undefined) {
      wanted.damagedTimes++;
      if (wanted.damagedTimes === MOST_ATTEMPTS)
        this.#fail(new PatchstreamError({ code: "BATCH_DAMAGED", step: want.step, attempts: MOST_ATTEMPTS }));
    } else if (wanted !== undefined && typeof batch === "object") {
      this.#patience.took(tookMs);
      const { trace } = wanted;
      trace?.end({
        "patchstream.outcome": "received",
        "patchstream.carrier": batch.carrier,
        "patchstream.batch.bytes": batch.buffer.byteLength,
        "patchstream.damaged": wanted.damagedTimes,
      });
      wanted.batch = trace === undefined ? batch : { ...batch, traceparent: trace.traceparent };
      wanted.trace = undefined;
      this.#lastBatchMs = this.#options.clock.now();
      this.#pace.served(batch.servedUs);
      for (const one of this.#links) one.cancel(want.step);
      this.#serve();
    }
    this.#ask();
  }
}
