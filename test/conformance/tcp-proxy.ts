import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createSecureContext, connect as secure, TLSSocket } from "node:tls";
import type { ExecutionContext } from "ava";
import { callUnary } from "../../rpc/client/call.js";
import { openChannel } from "../../rpc/client/channel.js";
import { PREFIX_BYTES } from "../../rpc/lane/lane-frame.js";
import { CLIENT_TLS, SERVER_TLS } from "./carrier.js";

const DATA_FRAME = 0;

/** A wire between a client and a server, its lanes included, that can be cut, held still, or made to flip bits. Over TLS it ends both sides' encryption: what it counts and flips is plain. */
export interface TcpProxy {
  readonly address: string;
  /** Bytes that came from the server. */
  readonly received: number;
  /** Resets every connection; new ones are accepted. */
  cut(): void;
  /** From now on nothing goes through, and nothing is closed: a partition. */
  freeze(): void;
  /** The same for the connections that are open now. */
  freezeOpen(): void;
  /** A partition once the server has sent that many more bytes. */
  freezeAfter(bytes: number): void;
  /** Flips one bit in each of the next `count` frames (HTTP/2's of full size, or a lane's messages of 1,000 bytes) that the server sends. */
  damage(count: number): void;
  /** Flips one bit of the byte that is number `at` of all that goes up to the server, or down from it. */
  flip(way: "up" | "down", at: number, bit: number): void;
  /** Resets every connection and refuses new ones: a server that was killed. */
  kill(): void;
  /** Resets every connection once the server has sent that many more bytes. */
  cutAfter(bytes: number): void;
}

/** A kind of frames: bytes of the header, the length of the payload in it, and whether that carries data. */
interface Framing {
  readonly headerBytes: number;
  payloadBytes(header: Buffer): number;
  isData(header: Buffer): boolean;
}

const HTTP2: Framing = {
  headerBytes: 9,
  payloadBytes: (header) => header.readUIntBE(0, 3),
  isData: (header) => header[3] === DATA_FRAME && header.readUIntBE(0, 3) >= 16_000,
};

const LANE: Framing = {
  headerBytes: PREFIX_BYTES,
  payloadBytes: (header) => header.readUInt32BE(1),
  isData: () => true,
};

/** Finds the payloads of data frames in what one end sends, however it is cut into pieces. */
class FrameWalker {
  readonly #framing: Framing;
  readonly #header: Buffer;
  #headerBytes = 0;
  #payloadLeft = 0;

  constructor(framing: Framing) {
    this.#framing = framing;
    this.#header = Buffer.alloc(framing.headerBytes);
  }

  /** Calls `onPayload` with the part of a data frame's payload that begins in this piece. */
  walk(piece: Buffer, onPayload: (start: number, end: number) => void): void {
    let at = 0;
    while (at < piece.length) {
      if (this.#payloadLeft > 0) {
        const skipped = Math.min(this.#payloadLeft, piece.length - at);
        this.#payloadLeft -= skipped;
        at += skipped;
        continue;
      }
      const taken = Math.min(this.#header.length - this.#headerBytes, piece.length - at);
      piece.copy(this.#header, this.#headerBytes, at, at + taken);
      this.#headerBytes += taken;
      at += taken;
      if (this.#headerBytes < this.#header.length) return;
      this.#headerBytes = 0;
      this.#payloadLeft = this.#framing.payloadBytes(this.#header);
      if (this.#framing.isData(this.#header)) onPayload(at, Math.min(at + this.#payloadLeft, piece.length));
    }
  }
}

let proxies = 0;

/** An address of this machine that no other proxy of this process has: the port of a lane is the server's own. */
function nextHost(): string {
  proxies++;
  return `127.77.${proxies >> 8}.${proxies & 255}`;
}

/** Listens at the first address of our own at which the port is free: proxies of other processes have the same addresses. */
async function listenAtOwnHost(server: Server, port: number): Promise<string> {
  for (;;) {
    const host = nextHost();
    server.listen(port, host);
    try {
      await once(server, "listening");
      return host;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    }
  }
}

/** The port of a server's lanes; undefined where it has none. */
async function lanePortOf(address: string): Promise<number | undefined> {
  const channel = openChannel(address, CLIENT_TLS);
  try {
    return (await callUnary(channel, "DataService", "openLane", {})).port;
  } catch {
    return undefined;
  } finally {
    channel.client.close();
  }
}

/** What the bytes of a connection are read from and written to: itself, or the end of its encryption. */
interface Plain {
  /** Its end at the client. */
  near(socket: Socket): Socket;
  /** Its end at the server. */
  far(socket: Socket): Socket;
}

function plain(): Plain {
  if (SERVER_TLS.tls === undefined || CLIENT_TLS.tls === undefined)
    return { near: (socket) => socket, far: (socket) => socket };
  const { cert, key } = SERVER_TLS.tls;
  const secureContext = createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
  const ca = readFileSync(CLIENT_TLS.tls.ca);
  const ALPNProtocols = ["h2"];
  return {
    near: (socket) => new TLSSocket(socket, { isServer: true, secureContext, ALPNProtocols }),
    far: (socket) => secure({ socket, ca, ALPNProtocols, servername: "localhost" }),
  };
}

export async function startProxy(t: ExecutionContext, target: string): Promise<TcpProxy> {
  const [host, port] = target.split(":") as [string, string];
  const lanePort = await lanePortOf(target);
  const sockets = new Set<Socket>();
  const state = { frozen: false, damage: 0, cutAfter: Infinity, freezeAfter: Infinity, received: 0 };
  const frozen = new WeakSet<Socket>();
  const passed = { up: 0, down: 0 };
  let flip: { readonly way: "up" | "down"; readonly at: number; readonly bit: number } | undefined;
  const reset = () => {
    // Node never closes a socket that is reset while it shuts down, and then spins for ever when the process ends.
    for (const socket of sockets) {
      if (socket.writableEnded) socket.destroy();
      else socket.resetAndDestroy();
    }
  };
  const { near: nearEnd, far: farEnd } = plain();
  const pass = (farPort: number, framing: Framing) => (nearSocket: Socket) => {
    const farSocket = connect(farPort, host);
    const [near, far] = [nearEnd(nearSocket), farEnd(farSocket)];
    for (const socket of [nearSocket, farSocket]) {
      sockets.add(socket);
      socket.on("error", () => {}); // closes both ends
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    const frames = new FrameWalker(framing);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.on("error", () => to.destroy());
      from.on("close", () => to.destroy());
      from.on("data", (piece: Buffer) => {
        if (from === far) state.freezeAfter -= piece.length;
        if (state.freezeAfter <= 0) state.frozen = true;
        if (state.frozen || frozen.has(nearSocket)) return;
        const way = from === far ? "down" : "up";
        const flipped = (flip?.at ?? 0) - passed[way];
        if (flip?.way === way && flipped >= 0 && flipped < piece.length)
          piece[flipped] = (piece[flipped] as number) ^ (1 << flip.bit);
        passed[way] += piece.length;
        if (from === far) {
          state.received += piece.length;
          frames.walk(piece, (start, end) => {
            const middle = (start + end) >> 1;
            if (state.damage === 0 || end - start < 1_000) return;
            state.damage--;
            piece[middle] = (piece[middle] as number) ^ 16;
          });
          state.cutAfter -= piece.length;
          if (state.cutAfter <= 0) {
            state.cutAfter = Infinity;
            reset();
            return;
          }
        }
        if (!to.write(piece)) {
          from.pause();
          to.once("drain", () => from.resume());
        }
      });
    }
  };
  const server = createServer(pass(Number(port), HTTP2));
  const lanes = createServer(pass(lanePort ?? 0, LANE));
  const nearHost = lanePort === undefined ? nextHost() : await listenAtOwnHost(lanes, lanePort);
  server.listen(0, nearHost);
  await once(server, "listening");
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    lanes.close();
  });
  return {
    address: `${nearHost}:${(server.address() as AddressInfo).port}`,
    get received() {
      return state.received;
    },
    cut: reset,
    freeze() {
      state.frozen = true;
    },
    freezeOpen() {
      for (const socket of sockets) frozen.add(socket);
    },
    freezeAfter(bytes) {
      state.freezeAfter = bytes;
    },
    damage(count) {
      state.damage = count;
    },
    flip(way, at, bit) {
      flip = { way, at, bit };
    },
    kill() {
      server.close();
      lanes.close();
      reset();
    },
    cutAfter(bytes) {
      state.cutAfter = bytes;
    },
  };
}
