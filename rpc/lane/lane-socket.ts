import type { Socket } from "node:net";
import { type Frame, isChunkFrame } from "../codec/framing.js";
import { LAST, MESSAGE, prefixOf } from "./lane-frame.js";

/** A peer that has been silent for as many heartbeats is gone. */
const SILENT_HEARTBEATS = 3;

const nothing = Buffer.alloc(0);

/** Writes messages to a socket, and says by empty ones that we live. */
export class LaneSocket {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #isLast = false;

  /** `onSilence` is told when nothing has come for three heartbeats. */
  constructor(socket: Socket, heartbeatMs: number, onSilence: () => void) {
    this.#socket = socket;
    socket.setNoDelay(true);
    let [sent, received, silent] = [socket.bytesWritten, socket.bytesRead, 0];
    this.#timer = setInterval(() => {
      silent = socket.bytesRead === received ? silent + 1 : 0;
      if (silent >= SILENT_HEARTBEATS) return onSilence();
      if (socket.bytesWritten === sent && socket.writableLength === 0 && socket.writable) this.heartbeat();
      [sent, received] = [socket.bytesWritten, socket.bytesRead];
    }, heartbeatMs);
    this.#timer.unref();
    socket.once("close", () => clearInterval(this.#timer));
  }

  heartbeat(): void {
    this.#socket.write(prefixOf(MESSAGE, 0));
  }

  /** `done` when the socket has taken the bytes: their memory may change from then on. */
  write(message: Frame, done?: (error?: Error | null) => void): void {
    this.#write(MESSAGE, message, done);
  }

  /** Says that no message will follow. */
  last(message: Buffer = nothing): void {
    if (this.#isLast || !this.#socket.writable) return;
    this.#isLast = true;
    this.#write(LAST, message);
  }

  /** The same, and that the connection may be closed. */
  end(message: Buffer): void {
    this.last(message);
    this.#socket.end();
  }

  #write(flags: typeof MESSAGE | typeof LAST, message: Frame, done?: (error?: Error | null) => void): void {
    const socket = this.#socket;
    const prefix = prefixOf(flags, message.byteLength);
    if (isChunkFrame(message)) {
      socket.cork();
      socket.write(Buffer.concat([prefix, message.head]));
      socket.write(message.data, done);
      socket.uncork();
      return;
    }
    const bytes = Buffer.allocUnsafe(prefix.length + message.byteLength);
    message.copy(bytes, prefix.copy(bytes));
    socket.write(bytes, done);
  }
}
