import { once } from "node:events";
import { createServer, get, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import test from "ava";
import { EventStream } from "../../dashboard/server/event-stream.js";

test("a page that reads nothing is not told again and again how things stand, until it reads", async (t) => {
  const server = createServer();
  t.teardown(() => server.close());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const asked = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const [, response] = (await once(server, "request")) as [IncomingMessage, ServerResponse];
  const stream = new EventStream(response);
  const [page] = (await once(asked, "response")) as [IncomingMessage];
  t.teardown(() => page.destroy());

  const event = { kind: "trouble", trouble: { code: "UNAVAILABLE", message: "x".repeat(1e5) } } as const;
  let told = 0;
  while (told < 1_000 && stream.tellLatest(event)) told++;
  t.true(told < 1_000);
  const held = response.writableLength;
  t.false(stream.tellLatest(event));
  t.is(response.writableLength, held);
  page.resume();
  await once(response, "drain");
  t.true(stream.tellLatest(event));
});
