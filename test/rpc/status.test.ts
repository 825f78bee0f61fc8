import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import test from "ava";
import fc from "fast-check";
import { type ErrorFacts, PatchstreamError } from "../../plan/errors.js";
import { carriesFacts, fromStatus, toStatus } from "../../rpc/status.js";

function asReceived(error: unknown): ServiceError {
  const { code, details, metadata } = toStatus(error);
  return Object.assign(new Error(details), { code, details, metadata });
}

const called = { address: "127.0.0.1:1", method: "GetBatch" };

test("a typed failure comes back with its facts, message and hint", (t) => {
  const facts: ErrorFacts = { code: "SPEC_INVALID", field: "plan.patchSize[0]", got: 100, want: "a multiple of 16" };
  const sent = new PatchstreamError(facts, "Try 96 or 112.");
  const failure = asReceived(sent);
  t.is(failure.code, status.INVALID_ARGUMENT);
  t.true(carriesFacts(failure));
  const received = fromStatus(failure, called);
  t.deepEqual(received.facts, facts);
  t.is(received.hint, "Try 96 or 112.");
  t.is(received.message, sent.message);
});

test("whatever a request put into the facts, the trailing metadata stays small and the details can be sent", (t) => {
  fc.assert(
    fc.property(fc.anything({ maxDepth: 4, withNullPrototype: false }), fc.string({ unit: "binary" }), (got, text) => {
      const want = text.repeat(500);
      const failure = asReceived(new PatchstreamError({ code: "REQUEST_INVALID", field: `${text}\ud800`, got, want }));
      encodeURI(failure.details);
      const [bytes] = failure.metadata.get("patchstream-error-bin");
      return bytes !== undefined && bytes.length < 6_000 && fromStatus(failure, called) instanceof PatchstreamError;
    }),
  );
  t.pass();
});

test("a failure without facts says what its status says; hostile facts are not believed", (t) => {
  const lost = Object.assign(new Error("x"), { code: status.UNAVAILABLE, details: "reset", metadata: new Metadata() });
  t.deepEqual(fromStatus(lost, called).facts, {
    code: "UNAVAILABLE",
    address: called.address,
    reason: "reset (UNAVAILABLE)",
  });
  const late = Object.assign(new Error("x"), { code: status.DEADLINE_EXCEEDED, details: "", metadata: new Metadata() });
  t.like(fromStatus(late, { ...called, timeoutMs: 70 }).facts, { code: "DEADLINE", timeoutMs: 70 });
  for (const text of ["{", "null", '{"facts":{"code":"toString"}}', '{"facts":{"code":"NOT_FOUND","known":1}}']) {
    const metadata = new Metadata();
    metadata.set("patchstream-error-bin", Buffer.from(text));
    const failure = Object.assign(new Error("x"), { code: status.INTERNAL, details: "odd", metadata });
    t.is(fromStatus(failure, called).code, "INTERNAL");
  }
});

test("a failure that is not ours is INTERNAL and keeps its stack to itself", (t) => {
  const failure = asReceived(new TypeError("boom"));
  t.is(failure.code, status.INTERNAL);
  t.false(JSON.stringify(failure.metadata.toJSON()).includes("status.test"));
  t.is(fromStatus(failure, called).message, "server: boom");
});
