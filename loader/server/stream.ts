import { PatchstreamError, refuseRequest } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import type { DuplexCall } from "../../rpc/server/implement.js";
import { codeOf, type ServiceLog } from "../../rpc/server/service-log.js";
import type { Tracing } from "../../rpc/tracing/tracing.js";
import { traceBatch } from "./batch-trace.js";
import type { ClientBytes } from "./client-bytes.js";
import { CutAhead } from "./cut-ahead.js";
import type { FairShares } from "./fair-shares.js";
import type { ServerLimits } from "./limits.js";
import type { ServerMetrics } from "./metrics.js";
import type { PacePlace, Paces } from "./paces.js";
import { checkReport } from "./requests.js";
import { sendBatch } from "./send-batch.js";
import type { ServedLease, ServedShare } from "./served-run.js";
import type { ServedTime } from "./served-time.js";
import type { SharedCuts } from "./shared-cuts.js";
import { StreamRecord } from "./stream-record.js";

type Call = DuplexCall<Messages["StreamRequest"], Messages["StreamResponse"]>;

export interface StreamServer {
  /** Opens what a Start names; throws for what it may not be. */
  open(start: Messages["Start"]): Promise<ServedShare>;
  readonly limits: ServerLimits;
  readonly metrics: ServerMetrics;
  readonly log: ServiceLog;
  /** Of the memory for batches. */
  readonly shares: FairShares;
  readonly clientBytes: ClientBytes;
  /** With the other streams of the same run. */
  readonly cuts: SharedCuts<ServedLease>;
  /** Of the trainers behind all streams. */
  readonly paces: Paces;
  /** Over all streams. */
  readonly servedTime: ServedTime;
  /** Where an OpenTelemetry SDK was started. */
  readonly tracing: Tracing | undefined;
  /** Aborts when the server drains. */
  readonly draining: AbortSignal;
  /** For how long the stream may be without its Start. */
  readonly startTimeoutMs: number;
}

/**
 * One stream, by the rules of docs/reference/protocol.md: reads wants, stage reports and cancels as they come, and writes batches
 * as they are cut and the client takes them.
 */
export async function serveStream(
  call: Call,
  {
    open,
    limits,
    metrics,
    log,
    shares,
    clientBytes,
    cuts,
    paces,
    servedTime,
    tracing,
    draining,
    startTimeoutMs,
  }: StreamServer,
): Promise<void> {
  const requests = call.requests[Symbol.asyncIterator]();
  const start = await readStart(requests, startTimeoutMs);
  const share = await open(start);
  const record = new StreamRecord(log, { peer: call.caller.peer, carrier: call.carrier }, start, share.digest);
  const source = cuts.join(share);
  const admit = (bytes: number, count: number) => clientBytes.check(call.caller, bytes, count);
  const batches = new CutAhead<ServedLease>(source, limits, shares, admit);
  const leave = shares.join(batches);
  const leaveClient = clientBytes.join(call.caller, batches);
  const pace = paces.join();
  const running = { call, share, batches, metrics, record, pace, servedTime, tracing };
  const drain = () => {
    call.send({ kind: "notice", notice: { code: "draining", text: "this server is draining" } }).catch(() => {});
    batches.finish({ dropQueued: true });
  };
  const hangUp = () => batches.close();
  call.signal.addEventListener("abort", hangUp, { once: true });
  draining.addEventListener("abort", drain, { once: true });
  try {
    await call.send({
      kind: "started",
      started: {
        digest: share.digest,
        timeline: start.timeline,
        rank: start.rank,
        ranks: start.ranks,
        readsPace: true,
      },
    });
    if (draining.aborted) drain();
    let refusal: { readonly error: unknown } | undefined;
    readRequests(requests, running).catch((error: unknown) => {
      refusal = { error };
      batches.close();
    });
    await writeBatches(running);
    if (refusal !== undefined) throw refusal.error;
    if (draining.aborted)
      throw new PatchstreamError(
        { code: "UNAVAILABLE", address: "this server", reason: "it is draining" },
        "Ask another replica, or this one when it has started again.",
      );
    record.end({ outcome: call.signal.aborted ? "client-gone" : "done" });
  } catch (error) {
    if (call.signal.aborted) record.end({ outcome: "client-gone" });
    else if (draining.aborted && codeOf(error) === "UNAVAILABLE") record.end({ outcome: "drained" });
    else record.end({ outcome: "failed", code: codeOf(error) });
    throw error;
  } finally {
    batches.close();
    source.leave();
    leave();
    leaveClient();
    pace.leave();
    call.signal.removeEventListener("abort", hangUp);
    draining.removeEventListener("abort", drain);
  }
}

/** The first message, which must be Start. A stream that says nothing takes one of the few that there may be: it ends. */
async function readStart(
  requests: AsyncIterator<Messages["StreamRequest"]>,
  timeoutMs: number,
): Promise<Messages["Start"]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () =>
        reject(new PatchstreamError({ code: "DEADLINE", waitedFor: "start (a stream's first message)", timeoutMs })),
      timeoutMs,
    );
  });
  const first = await Promise.race([requests.next(), late]).finally(() => clearTimeout(timer));
  if (first.done) return refuseRequest("kind", "the end of the stream", "start (a stream's first message)");
  if (first.value.kind !== "start")
    return refuseRequest("kind", first.value.kind ?? null, "start (a stream's first message)");
  return first.value.start;
}

interface Running {
  readonly call: Call;
  readonly share: ServedShare;
  readonly batches: CutAhead<ServedLease>;
  readonly metrics: ServerMetrics;
  readonly record: StreamRecord;
  readonly pace: PacePlace;
  readonly servedTime: ServedTime;
  readonly tracing: Tracing | undefined;
}

async function readRequests(
  requests: AsyncIterator<Messages["StreamRequest"]>,
  { call, share, batches, metrics, record, pace }: Running,
): Promise<void> {
  for (;;) {
    const { done, value: message } = await requests.next();
    if (done) return batches.finish({ dropQueued: false });
    switch (message.kind) {
      case "want": {
        const { firstStep, count, stage, traceparent } = message.want;
        if (count === 0) refuseRequest("want.count", count, "at least 1");
        if (stage !== undefined) share.checkStage(stage);
        batches.want(firstStep, count, stage, traceparent);
        break;
      }
      case "stageReport": {
        const { stage, fromStep, reason, hold } = message.stageReport;
        checkReport(message.stageReport);
        share.checkStage(stage);
        share.checkStep(fromStep);
        const decision = { stage, fromStep, reason, hold };
        const scheduleFrom = batches.report(decision, share.steps);
        metrics.stageReports.inc();
        record.changeStage(stage, fromStep);
        // Waiting for it keeps who reports without end and does not read from filling the memory with answers.
        await call.send({
          kind: "stageApplied",
          stageApplied: { stage, fromStep, ...(scheduleFrom !== undefined && { scheduleFrom }) },
        });
        break;
      }
      case "cancel": {
        const { firstStep, count } = message.cancel;
        if (count === 0) refuseRequest("cancel.count", count, "at least 1");
        batches.cancel(firstStep, count);
        await call.send({ kind: "cancelled", cancelled: { firstStep, count } });
        break;
      }
      case "pace":
        pace.tell(message.pace);
        break;
      case "stop":
        return batches.finish({ dropQueued: true });
      case "start":
        return refuseRequest("kind", "start", "want, stage_report, cancel, pace or stop (the stream has started)");
      case undefined:
        return refuseRequest("kind", null, "want, stage_report, cancel, pace or stop");
    }
  }
}

async function writeBatches({ call, share, batches, metrics, record, servedTime, tracing }: Running): Promise<void> {
  while (await batches.ready()) {
    const ready = batches.take();
    if (ready === undefined) continue;
    const begin = share.begin(ready.step, ready.stage, ready.lease);
    const carryBeganMs = performance.now();
    const { lease, wantedMs } = ready;
    const isShared = lease.isShared ?? false;
    await sendBatch(call.send, { begin, lease, servedUs: () => servedTime.sent(wantedMs), isShared });
    const sent = share.sent(ready.stage, ready.lease);
    metrics.batchSent(sent);
    record.countBatch(ready.lease.bytes.length);
    metrics.wantFulfilled(ready.stage, (performance.now() - ready.wantedMs) / 1_000);
    if (tracing) traceBatch(tracing, { timeline: sent.timeline, ready, carrier: call.carrier, carryBeganMs });
  }
}
