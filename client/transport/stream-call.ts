import { type ServiceError, status } from "@grpc/grpc-js";
import type { PatchstreamError } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import type { Carrier } from "../../rpc/carrier.js";
import { callDuplex, callFailure } from "../../rpc/client/call.js";
import type { LaneReaderEvents } from "../../rpc/lane/lane-reader.js";
import type { Replica } from "./replica.js";

/** What a call of `Stream` tells: messages as their bytes, then how it ended. A lane asks where the data of each chunk goes. */
export interface StreamCallEvents extends Required<Pick<LaneReaderEvents, "message" | "chunk">> {
  /** The server has answered and offers a lane, which is being opened, with a deadline of its own: silence says nothing until the call is carried. */
  offered?(): void;
  /** What carries the call, once it is known. */
  carried(carrier: Carrier): void;
  /** `error` undefined: the server ended it in order. */
  over(error: PatchstreamError | undefined): void;
}

/** One call of `Stream`. */
export interface StreamCall {
  send(message: Messages["StreamRequest"]): void;
  /** Ends the call at once; nothing is told any more. */
  cancel(): void;
}

/** Opens a call of `Stream` to a replica; a simulator may stand in for it. */
export type OpenStream = (replica: Replica, events: StreamCallEvents) => StreamCall;

/** Over gRPC. */
export const openGrpcStream: OpenStream = ({ channel }, events) => {
  events.carried("grpc");
  const call = callDuplex(channel, "DataService", "stream", (bytes) => bytes);
  let isOver = false;
  const over = (error: PatchstreamError | undefined) => {
    if (isOver) return;
    isOver = true;
    events.over(error);
  };
  call.on("data", (bytes: Buffer) => {
    if (!isOver) events.message(bytes);
  });
  call.on("error", (failure: ServiceError) => over(callFailure(failure, channel, "Stream")));
  call.on("status", ({ code }) => {
    if (code === status.OK) over(undefined);
  });
  return {
    send: (message) => call.write(message),
    cancel() {
      isOver = true;
      call.cancel();
    },
  };
};
