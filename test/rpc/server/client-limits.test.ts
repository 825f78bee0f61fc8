import test from "ava";
import type { PatchstreamError } from "../../../plan/errors.js";
import { type Caller, clientOf } from "../../../rpc/server/caller.js";
import { ClientLimits } from "../../../rpc/server/client-limits.js";

const HOST: Caller = { peer: "10.0.0.1:1000" };

test("a client is whoever holds a token, else a certificate, else all ports of a host", (t) => {
  t.is(clientOf(HOST), clientOf({ peer: "10.0.0.1:1001" }));
  t.not(clientOf(HOST), clientOf({ peer: "10.0.0.2:1000" }));
  const certified = { ...HOST, certificate: "CN=a" };
  t.not(clientOf(certified), clientOf(HOST));
  t.is(clientOf(certified), clientOf({ peer: "[::1]:7", certificate: "CN=a" }));
  t.is(clientOf({ ...certified, token: "b" }), clientOf({ ...HOST, token: "b" }));
  // What one may be called is never what another is.
  t.not(clientOf({ ...HOST, token: "CN=a" }), clientOf(certified));
});

test("the rate is what a second allows: a burst of it at once, then as time goes on", (t) => {
  let nowMs = 0;
  const limits = new ClientLimits({ clientCallsPerSecond: 4 }, () => nowMs);
  const begun = () => {
    let count = 0;
    for (;;)
      try {
        limits.enter(HOST)();
        count++;
      } catch (error) {
        t.like((error as PatchstreamError).facts, { code: "SERVER_BUSY", limit: "client_calls_per_second" });
        return count;
      }
  };
  t.is(begun(), 4);
  nowMs = 500;
  t.is(begun(), 2);
  nowMs = 600;
  t.is(begun(), 0);
  nowMs = 60_000;
  t.is(begun(), 4);
});

test("clients that have left are forgotten, those that are inside are not", (t) => {
  const limits = new ClientLimits({ clientCalls: 1 }, () => 0);
  limits.enter({ peer: "inside:1" });
  for (let host = 0; host < 10_000; host++) limits.enter({ peer: `h${host}:1` })();
  t.throws(() => limits.enter({ peer: "inside:2" }));
  t.notThrows(() => limits.enter({ peer: "h1:1" }));
});
