import test from "ava";
import { ClientBytes } from "../../loader/server/client-bytes.js";

const ONE = { peer: "10.0.0.1:1", token: "one" };
const TWO = { peer: "10.0.0.1:1", token: "two" };

test("all that a client holds counts, whoever holds it; what another client holds does not", (t) => {
  const bytes = new ClientBytes(100);
  const stream = { outstandingBytes: 60 };
  bytes.join(ONE, stream);
  const leave = bytes.join({ ...ONE, peer: "10.0.0.2:7" }, { outstandingBytes: 30 });
  t.notThrows(() => bytes.check(ONE, 10, 1));
  t.like(
    t.throws(() => bytes.check(ONE, 11, 1)),
    { facts: { code: "SERVER_BUSY", limit: "client_bytes", got: 101, max: 100 } },
  );
  t.notThrows(() => bytes.check(TWO, 100, 2));
  leave();
  t.notThrows(() => bytes.check(ONE, 40, 2));
  stream.outstandingBytes = 0;
  t.notThrows(() => bytes.check(ONE, 100, 2));
});

test("one batch may be larger than the limit while its client wants no other", (t) => {
  const bytes = new ClientBytes(100);
  t.notThrows(() => bytes.check(ONE, 500, 1));
  t.throws(() => bytes.check(ONE, 500, 2));
  bytes.join(ONE, { outstandingBytes: 1 });
  t.throws(() => bytes.check(ONE, 500, 1));
});
