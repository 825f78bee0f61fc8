import { setTimeout } from "node:timers/promises";
import type { ServiceError } from "@grpc/grpc-js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Channel } from "../../rpc/client/call.js";
import { mayRetry } from "./replica-stream.js";

const PAUSE_MS = 100;

/**
 * Makes a call at one replica after another until one answers; failures that another attempt will not change are thrown at
 * once. When the deadline passes, the last failure is thrown, or DEADLINE where nothing was heard at all.
 */
export async function atAnyReplica<T>(
  channels: readonly Channel[],
  deadlineMs: number,
  signal: AbortSignal,
  call: (channel: Channel, options: { timeoutMs: number; signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  let last: PatchstreamError | undefined;
  for (let attempt = 0; ; attempt++) {
    const channel = channels[attempt % channels.length] as Channel;
    try {
      return await call(channel, { timeoutMs: Math.ceil(Math.max(1, endMs - performance.now())), signal });
    } catch (error) {
      if (!(error instanceof PatchstreamError)) throw error;
      if (error.code === "DEADLINE") throw last ?? late(error, deadlineMs);
      last = error;
      const failure = error.cause as ServiceError | undefined;
      const damaged = (error.code === "BATCH_DAMAGED" || error.code === "MESSAGE_DAMAGED") && attempt < 2;
      const retry = damaged || (failure !== undefined && mayRetry(failure, error));
      if (!retry || performance.now() + PAUSE_MS > endMs) throw error;
    }
    if ((attempt + 1) % channels.length === 0) await setTimeout(PAUSE_MS, undefined, { signal });
  }
}

/** The last attempt had less than the whole deadline; what is reported is the whole. */
function late(error: PatchstreamError, timeoutMs: number): PatchstreamError {
  const { facts } = error;
  return facts.code === "DEADLINE" ? new PatchstreamError({ ...facts, timeoutMs }, error.hint) : error;
}
