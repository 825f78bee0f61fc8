import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { ProcessorGroups } from "./processor-limit.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

interface RunningServer {
  readonly process: ChildProcess;
  /** Where it answers KEDA, once it serves. */
  readonly scaler: Promise<string>;
  isEnding: boolean;
}

interface Place {
  /** host:port, whether a server is there or not. */
  readonly address: string;
  server: RunningServer | undefined;
}

/** A port of this machine that nobody has just now. */
async function freePort(): Promise<number> {
  const socket = createServer().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, "close");
  return port;
}

/** Data servers of one store, at places that a client knows. Each may have a part of a processor once it serves. */
export class LocalFleet implements AsyncDisposable {
  readonly #store: string;
  readonly #processors: number;
  readonly #places: readonly Place[];
  readonly #groups = new ProcessorGroups(`patchstream-fleet-${process.pid}`);
  #ending: Promise<unknown> = Promise.resolve();

  private constructor(store: string, processors: number, ports: readonly number[]) {
    this.#store = store;
    this.#processors = processors;
    this.#places = ports.map((port) => ({ address: `127.0.0.1:${port}`, server: undefined }));
  }

  /** Without servers, for at most `most`. */
  static async open(store: string, processors: number, most: number): Promise<LocalFleet> {
    return new LocalFleet(store, processors, await Promise.all(Array.from({ length: most }, freePort)));
  }

  get addresses(): readonly string[] {
    return this.#places.map(({ address }) => address);
  }

  /** Servers that there are, with those that are starting and without those that are ending. */
  get size(): number {
    return this.#servers.length;
  }

  get #servers(): readonly RunningServer[] {
    return this.#places.flatMap(({ server }) => (server === undefined || server.isEnding ? [] : [server]));
  }

  /** Processor seconds of all servers so far, their starts included. */
  get processorSeconds(): number {
    return this.#groups.seconds;
  }

  /** Where the `n`-th server that there is answers KEDA: as a Service would choose one. */
  async scaler(n: number): Promise<string | undefined> {
    return this.#servers[n % this.size]?.scaler;
  }

  /** Starts servers, or ends the last ones, until there are so many. Does not wait until they serve. */
  become(size: number): void {
    for (const place of this.#places) if (this.size < size && place.server === undefined) this.#start(place);
    for (const place of this.#places.toReversed()) if (this.size > size) this.#end(place);
  }

  /** Resolves when all of them serve. */
  async ready(): Promise<void> {
    await Promise.all(this.#servers.map(({ scaler }) => scaler));
  }

  #start(place: Place): void {
    const [host = "", port = ""] = place.address.split(":");
    const words = ["serve", this.#store, "--json", "--workers", "1", "--log-level", "error", "--scaler-port", "0"];
    const child = spawn(process.execPath, [MAIN, ...words, "--host", host, "--port", port], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const bound = this.#groups.add(child.pid as number);
    const scaler = once(createInterface(child.stdout), "line").then(([line]) => {
      bound(this.#processors);
      return (JSON.parse(line) as { readonly scaler: string }).scaler;
    });
    place.server = { process: child, scaler, isEnding: false };
  }

  /** Its place is free when it has ended. */
  #end(place: Place): void {
    const { server } = place;
    if (server === undefined || server.isEnding) return;
    server.isEnding = true;
    const ended = once(server.process, "exit").then(() => {
      place.server = undefined;
    });
    server.process.kill("SIGTERM");
    this.#ending = Promise.all([this.#ending, ended]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.become(0);
    await this.#ending;
    this.#groups[Symbol.dispose]();
  }
}
