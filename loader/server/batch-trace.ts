import type { Timeline } from "../../plan/batch/address.js";
import type { Carrier } from "../../rpc/carrier.js";
import { STREAM_CALL, type Tracing } from "../../rpc/tracing/tracing.js";
import type { ReadyBatch } from "./cut-ahead.js";
import type { ServedLease } from "./served-run.js";

/** A batch that was sent. */
export interface TracedBatch {
  readonly timeline: Timeline;
  readonly ready: ReadyBatch<ServedLease>;
  readonly carrier: Carrier;
  /** By performance.now(): when the first byte was handed over. */
  readonly carryBeganMs: number;
}

/** Writes down what the server did for a want whose client is traced: it waited in the queue, was cut (volumes fetched), and carried. */
export function traceBatch(tracing: Tracing, { timeline, ready, carrier, carryBeganMs }: TracedBatch): void {
  const { step, stage, wantedMs, cutBeganMs, cutEndedMs, lease, traceparent } = ready;
  if (traceparent === undefined) return;
  const endedMs = performance.now();
  const { isShared = false, fetches, bytes } = lease;
  tracing.record(traceparent, {
    name: "patchstream.serve",
    isServer: true,
    beganMs: wantedMs,
    endedMs,
    attributes: {
      ...STREAM_CALL,
      "patchstream.timeline": timeline,
      "patchstream.step": step,
      "patchstream.stage": stage,
    },
    parts: [
      { name: "patchstream.queue", beganMs: wantedMs, endedMs: cutBeganMs },
      {
        name: "patchstream.cut",
        beganMs: cutBeganMs,
        endedMs: cutEndedMs,
        attributes: { "patchstream.shared": isShared },
        // Of a shared cut it was another stream's batch that fetched them.
        parts: isShared ? [] : fetches.map((fetch) => ({ name: "patchstream.fetch", ...fetch })),
      },
      {
        name: "patchstream.carry",
        beganMs: carryBeganMs,
        endedMs,
        attributes: { "patchstream.carrier": carrier, "patchstream.batch.bytes": bytes.length },
      },
    ],
  });
}
