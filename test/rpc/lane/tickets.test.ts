import test from "ava";
import { TICKET_BYTES, Tickets } from "../../../rpc/lane/tickets.js";

const HOLDER = { peer: "10.0.0.1:7", token: "node-7" };
const REFUSED = { facts: { code: "UNAUTHENTICATED" } };

test("a ticket opens one lane", (t) => {
  const tickets = new Tickets(60_000);
  const [first, second] = [tickets.issue(HOLDER), tickets.issue(HOLDER)];
  t.is(first.length, TICKET_BYTES);
  t.notDeepEqual(first, second);
  t.is(tickets.redeem(second), HOLDER);
  t.like(
    t.throws(() => tickets.redeem(second)),
    REFUSED,
  );
  t.notThrows(() => tickets.redeem(first));
});

test("a guessed, empty or expired ticket opens none", (t) => {
  const tickets = new Tickets(60_000);
  tickets.issue(HOLDER);
  for (const guess of [Buffer.alloc(TICKET_BYTES), Buffer.alloc(0)])
    t.like(
      t.throws(() => tickets.redeem(guess)),
      REFUSED,
    );
  const expired = new Tickets(0);
  const ticket = expired.issue(HOLDER);
  t.like(
    t.throws(() => expired.redeem(ticket)),
    REFUSED,
  );
});

test("there are so many open tickets at most, and those that have expired make room", (t) => {
  const tickets = new Tickets(60_000);
  for (let count = 0; count < 4096; count++) tickets.issue(HOLDER);
  t.like(
    t.throws(() => tickets.issue(HOLDER)),
    { facts: { code: "SERVER_BUSY", limit: "max_lane_tickets" } },
  );
  const expiring = new Tickets(0);
  for (let count = 0; count < 5_000; count++) expiring.issue(HOLDER);
  t.pass();
});
