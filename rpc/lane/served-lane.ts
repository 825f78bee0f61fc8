import type { Socket } from "node:net";
import type { StatusObject } from "@grpc/grpc-js";
import { PatchstreamError } from "../../plan/errors.js";
import type { Caller } from "../server/caller.js";
import type { CarriedCall } from "../server/implement.js";
import { toStatus } from "../status.js";
import { LaneReader } from "./lane-reader.js";
import { LaneSocket } from "./lane-socket.js";
import { encodeLaneStatus, LANE_OK } from "./lane-status.js";
import { TICKET_BYTES, type Tickets } from "./tickets.js";

/** Messages read ahead of the call; then the rest stays with the client. */
const MOST_READ_AHEAD = 32;

export interface LaneService {
  readonly tickets: Tickets;
  readonly heartbeatMs: number;
  /** What peers are called that have no address of their own. */
  readonly peerName?: string;
  /** For how long a connection may be without its ticket. */
  readonly ticketTimeoutMs: number;
  readonly mostMessageBytes: number;
  serve(call: CarriedCall, caller: Caller): Promise<void>;
  /** Told of a connection whose ticket was refused. */
  onRefused(error: unknown, peer: string): void;
}

/** As gRPC names a server's peers. */
function peerOf({ remoteAddress, remotePort }: Socket, name = "unknown"): string {
  if (remoteAddress === undefined) return name;
  return remotePort === undefined ? remoteAddress : `${remoteAddress}:${remotePort}`;
}

/** Serves one connection: its first message is the ticket, what follows is the call's. */
export function serveLane(socket: Socket, service: LaneService): void {
  const { tickets, heartbeatMs, ticketTimeoutMs, mostMessageBytes } = service;
  const peer = peerOf(socket, service.peerName);
  const closed = new AbortController();
  const { signal } = closed;
  const close = () => {
    const facts = { address: peer, reason: "the lane has closed" };
    closed.abort(new PatchstreamError({ code: "UNAVAILABLE", ...facts }, "Open another one."));
    socket.destroy();
  };
  const messages = new ReadAhead(socket, signal);
  const lane = new LaneSocket(socket, heartbeatMs, close);
  const fail = (status: StatusObject) => lane.end(encodeLaneStatus(status));
  const ticketTimer = setTimeout(close, ticketTimeoutMs);
  let isOpen = false;
  const open = (ticket: Buffer) => {
    isOpen = true;
    clearTimeout(ticketTimer);
    let holder: Caller;
    try {
      holder = tickets.redeem(ticket);
    } catch (error) {
      service.onRefused(error, peer);
      fail(toStatus(error));
      return;
    }
    reader.mostMessageBytes = mostMessageBytes;
    lane.heartbeat(); // Says that the ticket was good.
    const call: CarriedCall = {
      signal,
      carrier: "lane",
      messages: messages.all(),
      sendFrame: (frame) =>
        new Promise((resolve, reject) => {
          const give = () => reject(signal.reason);
          if (signal.aborted) return give();
          signal.addEventListener("abort", give, { once: true });
          lane.write(frame, (error) => {
            signal.removeEventListener("abort", give);
            if (!error) return resolve();
            close();
            give();
          });
        }),
      end: () => lane.end(LANE_OK),
      fail,
      reset: close,
    };
    void service.serve(call, { ...holder, peer });
  };
  const reader = new LaneReader(
    {
      message: (bytes) => (isOpen ? messages.add(bytes) : open(bytes)),
      last: () => messages.end(),
    },
    TICKET_BYTES,
  );
  socket.on("data", (bytes) => {
    try {
      reader.push(bytes);
    } catch (error) {
      reader.close();
      messages.fail(error);
      if (!isOpen) close();
    }
  });
  socket.on("error", close);
  socket.once("close", () => {
    clearTimeout(ticketTimer);
    close();
  });
}

/** Messages that have come and were not asked for yet. */
class ReadAhead {
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  readonly #queue: Buffer[] = [];
  #end: { readonly error?: unknown } | undefined;
  #wake = () => {};

  constructor(socket: Socket, signal: AbortSignal) {
    this.#socket = socket;
    this.#signal = signal;
    signal.addEventListener("abort", () => this.#wake(), { once: true });
  }

  add(message: Buffer): void {
    if (this.#end !== undefined) return;
    this.#queue.push(message);
    if (this.#queue.length >= MOST_READ_AHEAD) this.#socket.pause();
    this.#wake();
  }

  end(): void {
    this.#end ??= {};
    this.#wake();
  }

  fail(error: unknown): void {
    this.#end ??= { error };
    this.#wake();
  }

  async *all(): AsyncGenerator<Buffer> {
    for (;;) {
      this.#signal.throwIfAborted();
      const message = this.#queue.shift();
      if (message !== undefined) {
        if (this.#queue.length === 0) this.#socket.resume();
        yield message;
      } else if (this.#end !== undefined) {
        if ("error" in this.#end) throw this.#end.error;
        return;
      } else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
