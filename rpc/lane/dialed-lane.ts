import type { OnReadOpts, Socket } from "node:net";
import type { ServiceError } from "@grpc/grpc-js";
import { type CallOptions, callUnary } from "../client/call.js";
import type { Channel } from "../client/channel.js";
import { LANE_SUFFIX } from "./lane-frame.js";
import { LaneReader, type LaneReaderEvents } from "./lane-reader.js";
import { LaneSocket } from "./lane-socket.js";
import { readLaneStatus } from "./lane-status.js";

/** What a lane tells its client. */
export interface DialedLaneEvents extends Pick<LaneReaderEvents, "message" | "chunk"> {
  /** The server has taken the ticket: what is sent from now on is the call's. */
  accepted(): void;
  /** The server has ended the call: in order, or with a failure. */
  ended(failure: ServiceError | undefined): void;
  /** The connection is gone, or what came is no lane. */
  lost(cause: Error): void;
}

/** The client's end of a lane. */
export interface DialedLane {
  send(message: Buffer): void;
  /** Says that nothing more will be sent; what the server still sends is told. */
  end(): void;
  /** Says that nothing more will come and closes the connection; nothing is told any more. */
  close(): void;
}

/** Of messages that are not chunks: what gRPC's clients take. */
const MOST_MESSAGE_BYTES = 64 << 20;

/** A lane that the server of a channel has offered. */
export interface OfferedLane {
  /** 0 for a Unix socket. */
  readonly port: number;
  /** Opens it, once. */
  dial(events: DialedLaneEvents): DialedLane;
}

/** Asks for a lane to the server that answers, which a name with several addresses does not tell. Throws as `callUnary` does. */
export async function askForLane(channel: Channel, options: CallOptions = {}): Promise<OfferedLane> {
  let peer: string | undefined;
  const onPeer = (address: string) => {
    peer = address;
  };
  const offer = await callUnary(channel, "DataService", "openLane", {}, { ...options, onPeer });
  const to = { peer, port: offer.port, suffix: LANE_SUFFIX };
  return { port: offer.port, dial: (events) => dialLane((onread) => channel.openBeside(to, onread), offer, events) };
}

/** Opens a lane on a connection that `connect` makes, which reads as it is told. */
function dialLane(
  connect: (onread: OnReadOpts) => Socket,
  { ticket, heartbeatMs }: { readonly ticket: Uint8Array; readonly heartbeatMs: number },
  events: DialedLaneEvents,
): DialedLane {
  let isAccepted = false;
  let isOver = false;
  const over = (tell: () => void) => {
    if (isOver) return;
    isOver = true;
    reader.close();
    socket.destroy();
    tell();
  };
  const lose = (cause: Error) => over(() => events.lost(cause));
  const reader = new LaneReader(
    {
      message: events.message,
      ...(events.chunk && { chunk: events.chunk }),
      last(bytes) {
        const failure = readLaneStatus(bytes);
        over(() => events.ended(failure));
      },
      alive() {
        if (isAccepted) return;
        isAccepted = true;
        events.accepted();
      },
    },
    MOST_MESSAGE_BYTES,
  );
  const socket = connect({
    buffer: () => reader.nextBuffer(),
    callback: (count) => {
      try {
        reader.read(count);
      } catch (error) {
        lose(error as Error);
      }
      return true;
    },
  });
  const lane = new LaneSocket(socket, heartbeatMs, () => lose(new Error("nothing was heard of the server")));
  lane.write(Buffer.from(ticket));
  socket.once("error", lose);
  socket.once("close", () => lose(new Error("the server closed the connection")));
  return {
    send: (message) => lane.write(message),
    end: () => lane.last(),
    close() {
      lane.last(); // which tells the server that nothing was lost
      over(() => {});
    },
  };
}
