import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { seeded } from "../../conformance/seeded.js";
import type { WireFault } from "../schedule.js";
import { cannot, type Listening, type Mend, type Wire } from "./wire.js";

type Direction = "up" | "down";

/** Bytes on their way. */
interface Piece {
  readonly bytes: Buffer;
  readonly dueMs: number;
}

/** What is wrong with the way between the client and one replica just now. */
interface Trouble {
  readonly held: Set<Direction>;
  delayMs: number;
  jitterMs: number;
  bytesPerMs: number;
  flip: { afterBytes: number; readonly bit: number } | undefined;
  readonly random: () => number;
}

/** More than this waits in no connection: the sender is held, as by a full socket. */
const MOST_WAITING_BYTES = 256 << 10;
const TICK_MS = 5;

/** One direction of one connection: passes bytes on in the order in which they came, when the trouble lets them. */
class OneWay {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #direction: Direction;
  readonly #trouble: Trouble;
  readonly #waiting: Piece[] = [];
  #waitingBytes = 0;
  #allowance = 0;
  #isEnding = false;

  constructor(from: Socket, to: Socket, { direction, trouble }: { direction: Direction; trouble: Trouble }) {
    this.#from = from;
    this.#to = to;
    this.#direction = direction;
    this.#trouble = trouble;
    from.on("data", (bytes) => this.#take(bytes));
    from.on("end", () => {
      this.#isEnding = true;
      this.pass();
    });
  }

  #take(bytes: Buffer): void {
    const { delayMs, jitterMs, random } = this.#trouble;
    const last = this.#waiting.at(-1)?.dueMs ?? 0;
    const dueMs = Math.max(last, performance.now() + delayMs + random() * jitterMs);
    this.#waiting.push({ bytes, dueMs });
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes > MOST_WAITING_BYTES) this.#from.pause();
    this.pass();
  }

  /** Passes on what may go now; called every few milliseconds. */
  pass(sinceMs = 0): void {
    const { held, bytesPerMs } = this.#trouble;
    this.#allowance = Math.min(this.#allowance + sinceMs * bytesPerMs, 4_096);
    while (!held.has(this.#direction) && !this.#to.writableNeedDrain) {
      const [first] = this.#waiting;
      if (first === undefined || first.dueMs > performance.now()) break;
      if (this.#direction === "down" && Number.isFinite(bytesPerMs)) {
        if (this.#allowance <= 0) break;
        this.#allowance -= first.bytes.length;
      }
      this.#waiting.shift();
      this.#waitingBytes -= first.bytes.length;
      this.#to.write(this.#flipped(first.bytes));
    }
    if (this.#waitingBytes <= MOST_WAITING_BYTES && this.#from.isPaused()) this.#from.resume();
    if (this.#isEnding && this.#waiting.length === 0) this.#to.end();
  }

  #flipped(bytes: Buffer): Buffer {
    const { flip } = this.#trouble;
    if (flip === undefined || this.#direction === "up") return bytes;
    if (flip.afterBytes >= bytes.length) {
      flip.afterBytes -= bytes.length;
      return bytes;
    }
    const at = flip.afterBytes;
    this.#trouble.flip = undefined;
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << flip.bit), at);
    return bytes;
  }
}

interface Connection {
  readonly sockets: readonly Socket[];
  readonly ways: readonly OneWay[];
}

/** The way to one replica: an address of this machine at which the server's two ports are found. */
class Way {
  readonly host: string;
  readonly trouble: Trouble;
  readonly #connections = new Set<Connection>();
  /** By port. */
  readonly #listeners = new Map<number, Server>();
  readonly #ticking: NodeJS.Timeout;

  constructor(host: string, seed: number) {
    this.host = host;
    const quiet = { delayMs: 0, jitterMs: 0, bytesPerMs: Infinity, flip: undefined };
    this.trouble = { ...quiet, held: new Set(), random: seeded(seed) };
    let lastMs = performance.now();
    this.#ticking = setInterval(() => {
      const now = performance.now();
      for (const { ways } of this.#connections) for (const way of ways) way.pass(now - lastMs);
      lastMs = now;
    }, TICK_MS);
  }

  async listen(port: number): Promise<void> {
    if (this.#listeners.has(port)) return;
    const listener = createServer({ allowHalfOpen: true }, (near) => this.#join(near, port));
    this.#listeners.set(port, listener.listen(port, this.host));
    await once(listener, "listening");
  }

  #join(near: Socket, port: number): void {
    const far = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
    const { trouble } = this;
    const connection: Connection = {
      sockets: [near, far],
      ways: [
        new OneWay(near, far, { direction: "up", trouble }),
        new OneWay(far, near, { direction: "down", trouble }),
      ],
    };
    this.#connections.add(connection);
    for (const socket of connection.sockets) {
      socket.on("error", () => {}); // closes both ends
      socket.on("close", (hadError) => {
        this.#connections.delete(connection);
        if (hadError) for (const one of connection.sockets) reset(one);
        else for (const one of connection.sockets) one.end();
      });
    }
  }

  reset(): void {
    for (const { sockets } of this.#connections) for (const socket of sockets) reset(socket);
  }

  close(): void {
    clearInterval(this.#ticking);
    for (const listener of this.#listeners.values()) listener.close();
    for (const { sockets } of this.#connections) for (const socket of sockets) socket.destroy();
  }
}

/** Node never closes a socket that is reset while it shuts down, and then spins for ever when the process ends. */
function reset(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}

let opened = 0;

/** Servers on this machine's loopback, and a relay in this process before each: for machines without namespaces, and for what they cannot do. */
export async function openRelay(replicas: number): Promise<Wire> {
  const place = opened++;
  const ways = Array.from(
    { length: replicas },
    (_, replica) => new Way(`127.78.${place & 255}.${replica + 1}`, replica),
  );
  const wayOf = (replica: number) => ways[replica] as Way;
  return {
    clientPrefix: [],
    serverPrefix: () => [],
    host: () => "127.0.0.1",
    async reach(replica: number, { port, lanePort }: Listening) {
      const way = wayOf(replica);
      await Promise.all([way.listen(port), way.listen(lanePort)]);
      return `${way.host}:${port}`;
    },
    async strike(replica: number, fault: WireFault): Promise<Mend> {
      const way = wayOf(replica);
      const { trouble } = way;
      switch (fault.kind) {
        case "partition": {
          const directions = fault.way === "both" ? (["up", "down"] as const) : [fault.way];
          for (const direction of directions) trouble.held.add(direction);
          return async () => trouble.held.clear();
        }
        case "rate":
          trouble.bytesPerMs = fault.kbitPerSecond / 8;
          return async () => {
            trouble.bytesPerMs = Infinity;
          };
        case "delay":
          trouble.delayMs = fault.delayMs;
          trouble.jitterMs = fault.jitterMs;
          return async () => {
            trouble.delayMs = 0;
            trouble.jitterMs = 0;
          };
        case "reset":
          way.reset();
          return async () => {};
        case "flipped bit":
          trouble.flip = { afterBytes: fault.afterBytes, bit: fault.bit };
          return async () => {};
        case "loss":
          throw cannot(fault, "a relay");
      }
    },
    async [Symbol.asyncDispose]() {
      for (const way of ways) way.close();
    },
  };
}
