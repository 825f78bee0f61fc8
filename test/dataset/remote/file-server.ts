import { createReadStream, statSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream";
import type { ExecutionContext } from "ava";

export interface AskedFor {
  readonly path: string;
  /** As in `bytes=0-99`. */
  readonly range: string | undefined;
  /** How many requests came before this one. */
  readonly before: number;
}

/** A server of the files in a folder, by plain HTTP with ranges. */
export interface FileServer {
  readonly address: string;
  readonly asked: readonly AskedFor[];
  /** Answers a request in place of the files, where it returns true. */
  instead: (asked: AskedFor, response: ServerResponse, request: IncomingMessage) => boolean;
}

/** Serves `folder` until the test ends. */
export async function serveFiles(t: Pick<ExecutionContext, "teardown">, folder: string): Promise<FileServer> {
  const asked: AskedFor[] = [];
  const served = { address: "", asked, instead: (): boolean => false } satisfies FileServer as FileServer;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://here");
    const one = { path: decodeURIComponent(pathname), range: request.headers.range, before: asked.length };
    asked.push(one);
    if (!served.instead(one, response, request)) sendFile(join(folder, one.path), one.range, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.teardown(() => {
    server.close();
    server.closeAllConnections();
  });
  return Object.assign(served, { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function sendFile(file: string, range: string | undefined, response: ServerResponse): void {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) return void response.writeHead(404).end();
  const part = range === undefined ? { start: 0, end: size } : partOf(range, size);
  if (part.start >= part.end) return void response.writeHead(416, { "content-range": `bytes */${size}` }).end();
  response.writeHead(range === undefined ? 200 : 206, {
    "content-length": part.end - part.start,
    ...(range !== undefined && { "content-range": `bytes ${part.start}-${part.end - 1}/${size}` }),
  });
  pipeline(createReadStream(file, { start: part.start, end: part.end - 1 }), response, () => undefined);
}

function partOf(range: string, size: number): { start: number; end: number } {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (first === "") return { start: Math.max(0, size - Number(last)), end: size };
  return { start: Number(first), end: last === "" ? size : Math.min(size, Number(last) + 1) };
}
