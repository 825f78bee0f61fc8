import type { StageDecision } from "../../plan/batch/stage-timeline.js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import type { Carrier } from "../../rpc/carrier.js";
import { codec } from "../../rpc/codec/codec.js";
import { type ChunkHead, type ReceivedChunk, readChunkFrame } from "../../rpc/codec/framing.js";
import { memoryFreer } from "../../rpc/free-memory.js";
import type { ChunkMemory } from "../../rpc/lane/lane-reader.js";
import { BatchReceiver, brokenProtocol, checkBegin, type ExpectedBatch } from "./batch-receiver.js";
import type { Clock } from "./clock.js";
import type { ReceivedBatch } from "./messages.js";
import type { Replica } from "./replica.js";
import type { OpenStream, StreamCall } from "./stream-call.js";

type Received = Messages["StreamResponse"] | { readonly kind: "chunk"; readonly chunk: ReceivedChunk };

/** One step at one stage, as it is asked for. */
export interface Want {
  readonly step: number;
  readonly stage: number;
  readonly byteLength: number;
  /** Of the span that it is, where it is traced. */
  readonly traceparent?: string;
}

/** How long a batch took. */
export interface BatchTime {
  /** From being asked for, or from the batch before where that came later. */
  readonly ms: number;
  /** It was owed together with the batch before: its time is the server's alone, without the way there. */
  readonly isBehindAnother: boolean;
}

/** What a stream tells its link. */
export interface StreamEvents {
  /** The server has answered Start: wants may be sent. */
  opened(): void;
  /** What a batch that begins must look like. */
  expected(stage: number): ExpectedBatch;
  /** Whether it is (still) needed. */
  isNeeded(want: Want): boolean;
  /** A batch has come to its end. */
  ended(want: Want, batch: ReceivedBatch | "damaged" | "unneeded", took: BatchTime): void;
  /** A report or a cancel was confirmed: there may be room for more. */
  confirmed(): void;
  /** The call is over. */
  lost(error: PatchstreamError): void;
}

/** What was taken back and not confirmed: of these wants the server may have begun one or more before it knew. */
interface TakingBack {
  readonly matches: (answer: Messages["StreamResponse"]) => boolean;
  readonly wants: Want[];
  readonly confirmed: () => void;
}

interface Asked extends Want {
  readonly askedMs: number;
}

interface Receiving {
  readonly want: Want;
  /** Its want is settled when it ends; not so for one that was taken back before it came. */
  readonly isAsked: boolean;
  /** Undefined: it is read and not kept. */
  batch: BatchReceiver | undefined;
}

function decode(bytes: Buffer): Received {
  try {
    const chunk = readChunkFrame(bytes);
    return chunk === undefined ? codec("StreamResponse").decode(bytes) : { kind: "chunk", chunk };
  } catch (cause) {
    throw damaged("a message of the stream", cause);
  }
}

function damaged(what: string, cause?: unknown): PatchstreamError {
  return new PatchstreamError({ code: "MESSAGE_DAMAGED", what }, undefined, cause === undefined ? {} : { cause });
}

/** One call of `Stream` to one replica: knows what was asked of it, and turns its frames into whole, verified batches. */
export class ReplicaStream {
  readonly #call: StreamCall;
  readonly #start: Messages["Start"];
  readonly #digest: string;
  readonly #events: StreamEvents;
  readonly #replica: Replica;
  readonly #clock: Clock;
  /** In the order in which they were asked for. */
  readonly #asked = new Map<number, Asked>();
  /** In the order in which the server will confirm them. */
  readonly #takingBack: TakingBack[] = [];
  readonly #free = memoryFreer();
  #receiving: Receiving | undefined;
  #isStarted = false;
  #over = false;
  #lastBatchMs = 0;
  #lastHeardMs: number;
  #isOpeningLane = false;
  #draining = false;
  #readsPace = false;
  #carrier: Carrier = "grpc";

  constructor(
    replica: Replica,
    start: Messages["Start"],
    { events, clock, openStream }: { events: StreamEvents; clock: Clock; openStream: OpenStream },
  ) {
    this.#replica = replica;
    this.#start = start;
    this.#digest = Buffer.from(start.specSha256).toString("hex");
    this.#events = events;
    this.#clock = clock;
    this.#lastHeardMs = clock.now();
    this.#call = openStream(replica, {
      message: (bytes) => this.#guard(() => this.#receive(decode(bytes))),
      chunk: (head) => this.#guard(() => this.#memoryOf(head)),
      offered: () => {
        this.#isOpeningLane = true;
      },
      carried: (carrier) => {
        this.#isOpeningLane = false;
        this.#lastHeardMs = clock.now();
        this.#carrier = carrier;
      },
      over: (error) => {
        const reason = "the server ended the stream";
        const ended = { code: "UNAVAILABLE", address: replica.address, reason } as const;
        this.#end(error ?? new PatchstreamError(ended, "See the server's log."));
      },
    });
    this.#call.send({ kind: "start", start });
  }

  /** The server has said that it ends. */
  get isDraining(): boolean {
    return this.#draining;
  }

  /** Open for wants: the server has answered Start and has not said that it drains. */
  get takesWants(): boolean {
    return this.#isStarted && !this.#draining && !this.#over;
  }

  /** Steps that the server owes, or may owe. */
  get outstanding(): number {
    return this.#asked.size + this.#unsettled().length;
  }

  /** Their bytes. */
  get outstandingBytes(): number {
    let bytes = 0;
    for (const { byteLength } of this.#asked.values()) bytes += byteLength;
    return this.#unsettled().reduce((sum, byteLength) => sum + byteLength, bytes);
  }

  /** The server has not answered Start yet. */
  get isOpening(): boolean {
    return !this.#isStarted;
  }

  /** For how long nothing has come though something is owed, a batch or the answer to Start; 0 where nothing is, and while a lane is being opened. */
  get silentMs(): number {
    if (this.#isOpeningLane) return 0;
    const [longest] = this.#asked.values();
    const owedSinceMs = this.#isStarted ? longest?.askedMs : this.#lastHeardMs;
    return owedSinceMs === undefined ? 0 : this.#clock.now() - Math.max(owedSinceMs, this.#lastHeardMs);
  }

  hasAsked(step: number): boolean {
    return this.#asked.has(step);
  }

  want(want: Want): void {
    const { step, stage, traceparent } = want;
    this.#asked.set(step, { ...want, askedMs: this.#clock.now() });
    const traced = traceparent === undefined ? {} : { traceparent };
    this.#call.send({ kind: "want", want: { firstStep: step, count: 1, stage, ...traced } });
  }

  /**
   * Reports a decision, which takes back every want from its step on that has not begun; a batch that has is read on, and kept where
   * `isNeeded` still holds. Resolves when the server has applied it, or the stream is over.
   */
  report(decision: StageDecision, scheduleFrom: number | undefined): Promise<void> {
    if (this.#over) return Promise.resolve();
    const { stage, fromStep } = decision;
    this.#call.send({ kind: "stageReport", stageReport: { ...decision, metrics: {} } });
    const receiving = this.#receiving;
    const isKept = receiving !== undefined && this.#events.isNeeded(receiving.want);
    if (receiving !== undefined && !isKept) receiving.batch = undefined;
    const begun = receiving?.isAsked ? receiving.want.step : undefined;
    const wants = [...this.#asked.values()].filter(({ step }) => step >= fromStep && !(step === begun && isKept));
    // What has begun for another stage ends unneeded, and its step may be asked for again before that.
    if (receiving !== undefined && wants.some(({ step }) => step === begun))
      this.#receiving = { ...receiving, isAsked: false };
    return this.#takeBack(
      wants.filter(({ step }) => step !== begun),
      wants,
      (answer) =>
        answer.kind === "stageApplied" &&
        answer.stageApplied.stage === stage &&
        answer.stageApplied.fromStep === fromStep &&
        answer.stageApplied.scheduleFrom === scheduleFrom,
    );
  }

  /** Says how fast the trainer goes, to a server that reads it. */
  tellPace(pace: Messages["Pace"]): void {
    if (this.#readsPace && !this.#over) this.#call.send({ kind: "pace", pace });
  }

  /** Takes one want back: its step has come from elsewhere. */
  cancel(step: number): void {
    const want = this.#asked.get(step);
    if (want === undefined || this.#over) return;
    const receiving = this.#receiving;
    if (receiving?.isAsked && receiving.want.step === step) {
      receiving.batch = undefined; // It has begun; it comes to its end, and is not kept.
      return;
    }
    this.#call.send({ kind: "cancel", cancel: { firstStep: step, count: 1 } });
    this.#takeBack(
      [want],
      [want],
      ({ kind, ...answer }) =>
        kind === "cancelled" &&
        "cancelled" in answer &&
        answer.cancelled.firstStep === step &&
        answer.cancelled.count === 1,
    );
  }

  /** Ends the call; nothing is told any more. */
  close(): void {
    this.#over = true;
    this.#call.cancel();
    for (const { confirmed } of this.#takingBack.splice(0)) confirmed();
  }

  #takeBack(mayCome: Want[], gone: readonly Want[], matches: TakingBack["matches"]): Promise<void> {
    for (const { step } of gone) this.#asked.delete(step);
    return new Promise((resolve) => this.#takingBack.push({ matches, wants: mayCome, confirmed: resolve }));
  }

  /** Bytes of what may come beside what is asked for: one batch of each unconfirmed report or cancel, and one that has begun. */
  #unsettled(): number[] {
    const bytes = this.#takingBack
      .filter(({ wants }) => wants.length > 0)
      .map(({ wants }) => Math.max(...wants.map(({ byteLength }) => byteLength)));
    const receiving = this.#receiving;
    return receiving === undefined || receiving.isAsked ? bytes : [...bytes, receiving.want.byteLength];
  }

  /** What breaks the protocol, as damage on the way does, ends the stream. */
  #guard<T>(act: () => T): T | undefined {
    if (this.#over) return undefined;
    this.#lastHeardMs = this.#clock.now();
    this.#replica.tally.heard();
    try {
      return act();
    } catch (error) {
      if (!(error instanceof PatchstreamError)) throw error;
      this.#end(error);
      return undefined;
    }
  }

  #end(error: PatchstreamError): void {
    if (this.#over) return;
    this.close();
    this.#events.lost(error);
  }

  #receive(message: Received): void {
    if (!this.#isStarted && message.kind !== "started" && message.kind !== "notice")
      throw brokenProtocol(`${message.kind ?? "an empty message"} came before the stream had started`);
    switch (message.kind) {
      case "chunk":
        if (this.#receiving === undefined) throw brokenProtocol("a chunk came outside of a batch");
        this.#receiving.batch?.add(message.chunk);
        this.#free(message.chunk.data);
        return;
      case "batchBegin":
        this.#beginBatch(message.batchBegin);
        return;
      case "batchEnd":
        this.#endBatch(message.batchEnd);
        return;
      case "started":
        this.#checkStarted(message.started);
        this.#isStarted = true;
        this.#readsPace = message.started.readsPace;
        this.#events.opened();
        return;
      case "stageApplied":
      case "cancelled": {
        const taking = this.#takingBack.shift();
        if (taking === undefined || !taking.matches(message)) throw damaged(`${message.kind}, or what it answers,`);
        taking.confirmed();
        this.#events.confirmed();
        return;
      }
      case "notice":
        if (message.notice.code === "draining") this.#draining = true;
        return;
      case undefined:
        throw brokenProtocol("an empty message came");
    }
  }

  /** Where the data of a chunk that begins goes; undefined for one that nobody needs. */
  #memoryOf(head: ChunkHead): ChunkMemory | undefined {
    if (this.#receiving === undefined) throw brokenProtocol("a chunk came outside of a batch");
    return this.#receiving.batch?.memoryOf(head);
  }

  #checkStarted({ digest, timeline, rank, ranks }: Messages["Started"]): void {
    const { timeline: asked, rank: ours, ranks: all } = this.#start;
    if (this.#isStarted || digest !== this.#digest || timeline !== asked || rank !== ours || ranks !== all)
      throw damaged("Start, or what answers it,");
  }

  #beginBatch(begin: Messages["BatchBegin"]): void {
    if (this.#receiving !== undefined) throw brokenProtocol("a batch began inside of another");
    const { want, isAsked } = this.#wantOf(begin);
    const expected = this.#events.expected(want.stage);
    checkBegin(begin, expected);
    const batch = this.#events.isNeeded(want) ? new BatchReceiver(begin, expected, this.#carrier) : undefined;
    this.#receiving = { want, isAsked, batch };
  }

  /** The want that a batch answers: one that was taken back is older than one that stands. */
  #wantOf({ step, stage }: Messages["BatchBegin"]): { want: Want; isAsked: boolean } {
    for (const { wants } of this.#takingBack) {
      const index = wants.findIndex((want) => want.step === step && want.stage === stage);
      const [want] = index < 0 ? [] : wants.splice(index, 1);
      if (want !== undefined) return { want, isAsked: false };
    }
    const want = this.#asked.get(step);
    if (want?.stage !== stage) throw brokenProtocol(`step ${step} of stage ${stage} came, which was not wanted`);
    return { want, isAsked: true };
  }

  #endBatch(end: Messages["BatchEnd"]): void {
    const { step } = end;
    const receiving = this.#receiving;
    this.#receiving = undefined;
    if (receiving === undefined) throw brokenProtocol("a batch ended that had not begun");
    const { want, isAsked, batch } = receiving;
    if (want.step !== step) throw brokenProtocol(`step ${step} ended inside of step ${want.step}`);
    const received = batch === undefined ? "unneeded" : (batch.end(end) ?? "damaged");
    const now = this.#clock.now();
    const askedMs = this.#asked.get(step)?.askedMs ?? now;
    const took = { ms: now - Math.max(askedMs, this.#lastBatchMs), isBehindAnother: askedMs < this.#lastBatchMs };
    this.#lastBatchMs = now;
    if (isAsked) this.#asked.delete(step);
    this.#events.ended(want, received, took);
  }
}
