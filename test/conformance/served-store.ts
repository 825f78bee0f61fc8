import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ExecutionContext, TestFn } from "ava";
import { type DataServer, type ServeOptions, serve } from "../../loader/server/serve.js";
import { type Channel, type ChannelOptions, openChannel } from "../../rpc/client/channel.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { ADDRESS, CLIENT_TLS, SERVER_TLS } from "./carrier.js";

let store: Promise<string> | undefined;

/** A store of three cases, made once a test process. */
export function sampleStore(): Promise<string> {
  store ??= (async () => {
    const folder = await mkdtemp(join(tmpdir(), "patchstream-wire-"));
    process.once("exit", () => {
      rmSync(folder, { recursive: true, force: true });
    });
    return makeSampleStore(folder);
  })();
  return store;
}

/** Room for the sample store and two streams. */
export const SMALL_SERVER = {
  workers: 1,
  volumeBudgetBytes: 64 << 20,
  slotBudgetBytes: 32 << 20,
  drainTimeoutMs: 2_000,
};

/** A server of the sample store, closed with the test. */
export async function startServer(t: ExecutionContext, options: ServeOptions = {}): Promise<DataServer> {
  const server = await serve(await sampleStore(), { ...SMALL_SERVER, ...SERVER_TLS, ...options });
  t.teardown(() => server.drain());
  return server;
}

/** The same server for all tests of a file that need nothing special of it; one that was named, where one was. */
export function oneServer(test: TestFn): () => Promise<Pick<DataServer, "address">> {
  const named = ADDRESS;
  if (named !== undefined) return async () => ({ address: named });
  let server: Promise<DataServer> | undefined;
  test.after.always(async () => {
    await (await server)?.drain();
  });
  return () => {
    server ??= sampleStore().then((path) => serve(path, { ...SMALL_SERVER, ...SERVER_TLS }));
    return server;
  };
}

/** A channel to a server, closed with the test. */
export function dial(t: ExecutionContext, { address }: { address: string }, options: ChannelOptions = {}): Channel {
  const channel = openChannel(address, { ...CLIENT_TLS, ...options });
  t.teardown(() => channel.client.close());
  return channel;
}
