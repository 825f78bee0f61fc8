import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import type { ExecutionContext } from "ava";

/** A proxy to a server whose answers it passes on at so many bytes a second, and whose address it returns. */
export async function startSlowNetwork(t: ExecutionContext, target: string, bytesPerSecond: number): Promise<string> {
  const [host, port] = target.split(":") as [string, string];
  const closing = new AbortController();
  const { signal } = closing;
  const slowly = () =>
    new Transform({
      transform(piece: Buffer, _, done) {
        setTimeout((1000 * piece.length) / bytesPerSecond, undefined, { signal }).then(
          () => done(null, piece),
          (error: Error) => done(error),
        );
      },
    });
  const server = createServer((near) => {
    const far = connect(Number(port), host);
    // A connection that either end closes, or the end of the test, ends both ways; that is no failure.
    pipeline(near, far, { signal }).catch(() => {});
    pipeline(far, slowly(), near, { signal }).catch(() => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => {
    closing.abort();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
