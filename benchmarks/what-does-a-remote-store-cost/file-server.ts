/** A process that serves the files of a folder with ranges, each answer some milliseconds late. Arguments: folder, milliseconds. */
import { open, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const [, , folder = ".", delayMs = "0"] = process.argv;
let requests = 0;
let bytes = 0;

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? "/", "http://here");
  if (pathname === "/counts") {
    response.end(JSON.stringify({ requests, bytes }));
    return;
  }
  requests++;
  await sleep(Number(delayMs));
  const path = join(folder, decodeURIComponent(pathname));
  const size = (await stat(path).catch(() => undefined))?.size;
  if (size === undefined) {
    response.writeHead(404).end();
    return;
  }
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
  const start = first === undefined ? 0 : first === "" ? size - Number(last) : Number(first);
  const end = first === undefined || first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  const part = Buffer.alloc(end - start);
  const file = await open(path);
  await file.read(part, 0, part.length, start);
  await file.close();
  bytes += part.length;
  const range = { "content-range": `bytes ${start}-${end - 1}/${size}` };
  response.writeHead(first === undefined ? 200 : 206, {
    "content-length": part.length,
    ...(first !== undefined && range),
  });
  response.end(part);
});
server.listen(0, "127.0.0.1", () => {
  process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
