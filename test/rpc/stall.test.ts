import test from "ava";
import { watchStalls } from "../../rpc/server/stall.js";

test("a peer that takes nothing of what is on its way is told of, with how long", async (t) => {
  t.timeout(30_000);
  const stalledMs = await new Promise<number>((resolve) => {
    const send = watchStalls(() => new Promise<void>(() => {}), 20, resolve);
    void send("never taken");
  });
  t.true(stalledMs >= 19, `${stalledMs} ms`);
});

test("a peer that takes all is not, even when nothing is sent for long afterwards", async (t) => {
  t.timeout(30_000);
  let stalls = 0;
  const watched = watchStalls(
    async () => {},
    20,
    () => stalls++,
  );
  for (let message = 0; message < 5; message++) await watched(message);
  // another stall that begins later and is told of: the first would have been by then
  await new Promise((resolve) => void watchStalls(() => new Promise<void>(() => {}), 60, resolve)("never taken"));
  t.is(stalls, 0);
});
