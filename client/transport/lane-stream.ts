import { type ErrorCode, PatchstreamError } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import { callFailure } from "../../rpc/client/call.js";
import { codec } from "../../rpc/codec/codec.js";
import { askForLane, type DialedLane } from "../../rpc/lane/dialed-lane.js";
import type { Replica } from "./replica.js";
import type { StreamCall, StreamCallEvents } from "./stream-call.js";

/** An offer comes at once, or the server is busy. */
const OFFER_MS = 5_000;
/** From the connection to the ticket being taken: two ways there and back. */
const ACCEPT_MS = 5_000;

/** How OpenLane fails where a stream over gRPC would fail, too. */
const SAME_FOR_GRPC: ReadonlySet<ErrorCode> = new Set(["UNAVAILABLE", "DEADLINE", "MESSAGE_DAMAGED"]);

/** What a lane tells beside the call's own events. */
export interface LaneEvents extends StreamCallEvents {
  /** The server answers and its lane does not open, or it offers none: nothing was sent of the call. */
  unreachable(error: PatchstreamError, unsent: readonly Messages["StreamRequest"][]): void;
}

/** A call of `Stream` over a lane. What is sent before it is open waits. */
export function openLaneStream(replica: Replica, events: LaneEvents): StreamCall {
  const { channel } = replica;
  const stop = new AbortController();
  const waiting: Messages["StreamRequest"][] = [];
  let lane: DialedLane | undefined;
  let isOpen = false;
  let isOver = false;
  const end = (error: PatchstreamError | undefined) => {
    if (isOver) return;
    isOver = true;
    clearTimeout(timer);
    lane?.close();
    const isForGrpc = lane !== undefined || (error !== undefined && !SAME_FOR_GRPC.has(error.code));
    if (error !== undefined && !isOpen && isForGrpc) events.unreachable(error, waiting);
    else events.over(error);
  };
  const lost = (reason: string, cause?: unknown) =>
    end(
      new PatchstreamError(
        { code: "UNAVAILABLE", address: channel.address, reason },
        "Are all ports of the server open?",
        { cause },
      ),
    );
  const send = (message: Messages["StreamRequest"]) => lane?.send(codec("StreamRequest").encode(message));
  let timer: NodeJS.Timeout | undefined;

  const open = async () => {
    const offered = await askForLane(channel, { timeoutMs: OFFER_MS, signal: stop.signal });
    if (isOver) return;
    events.offered?.();
    timer = setTimeout(() => lost(`its lane at port ${offered.port} does not answer`), ACCEPT_MS);
    lane = offered.dial({
      accepted() {
        clearTimeout(timer);
        isOpen = true;
        events.carried("lane");
        for (const message of waiting.splice(0)) send(message);
      },
      message: events.message,
      chunk: events.chunk,
      ended: (failure) => end(failure && callFailure(failure, channel, "Stream")),
      lost: (cause) =>
        cause instanceof PatchstreamError ? end(cause) : lost(`its lane was lost: ${cause.message}`, cause),
    });
  };
  open().catch((error: unknown) => {
    if (error instanceof PatchstreamError) end(error);
    else lost(error instanceof Error ? error.message : String(error), error);
  });
  return {
    send: (message) => (isOpen ? send(message) : waiting.push(message)),
    cancel() {
      isOver = true;
      clearTimeout(timer);
      stop.abort();
      lane?.close();
    },
  };
}
