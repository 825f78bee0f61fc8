import type { ExecutionContext } from "ava";
import type { DataServer, ServeOptions } from "../../loader/server/serve.js";
import { SMALL_SERVER } from "../conformance/served-store.js";

/** What starts a server: of a store, by a build. */
export type Start = (options: ServeOptions) => Promise<DataServer>;

/** A server that others take the place of, at the same address. */
export async function replacedServer(t: ExecutionContext, first: Start) {
  let running = await first(SMALL_SERVER);
  const { address } = running;
  t.teardown(() => running.drain());
  return {
    address,
    async become(next: Start): Promise<void> {
      await running.drain();
      running = await next({ ...SMALL_SERVER, port: Number(address.split(":")[1]) });
    },
  };
}
