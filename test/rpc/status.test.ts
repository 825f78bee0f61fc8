import { Metadata, type ServiceError, status } from "@grpc/grpc-js";
import test from "ava";
import fc from "fast-check";
import protobuf from "protobufjs";
import { type ErrorFacts, PatchstreamError } from "../../plan/errors.js";
import { carriesFacts, failureOf, fromStatus, type Retry, toStatus } from "../../rpc/status.js";

const DETAILS = "grpc-status-details-bin";

function asReceived(error: unknown): ServiceError {
  const { code, details, metadata } = toStatus(error);
  return Object.assign(new Error(details), { code, details, metadata });
}

const called = { address: "127.0.0.1:1", method: "GetBatch" };

/** google.rpc's messages as Google's .proto files have them, read by protobufjs: what a client of another language sees. */
const googleRpc = protobuf.parse(`
  syntax = "proto3";
  message Status { int32 code = 1; string message = 2; repeated Any details = 3; }
  message Any { string type_url = 1; bytes value = 2; }
  message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
  message Failure { string code = 1; string facts = 2; string hint = 3; int32 retry = 4; }`).root;

function read(type: string, bytes: Uint8Array): Record<string, unknown> {
  const message = googleRpc.lookupType(type);
  return message.toObject(message.decode(bytes));
}

/** A google.rpc.Status of one detail. */
function statusWith(type: string, detail: Record<string, unknown>): Buffer {
  const value = googleRpc
    .lookupType(type.split(".").at(-1) as string)
    .encode(detail)
    .finish();
  const details = [{ typeUrl: `type.googleapis.com/${type}`, value }];
  return Buffer.from(googleRpc.lookupType("Status").encode({ code: 5, details }).finish());
}

function failureWith(details: Buffer): ServiceError {
  const metadata = new Metadata();
  metadata.set(DETAILS, details);
  return Object.assign(new Error("x"), { code: status.INTERNAL, details: "odd", metadata });
}

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

test("a list that is too long for the wire is told with its own length", (t) => {
  const got = Array.from({ length: 2000 }, (_, index) => ({ epochs: index }));
  const sent = new PatchstreamError({ code: "SPEC_INVALID", field: "stages", got, want: "at most 1024 entries" });
  t.is(sent.message, "stages is a list of 2000 entries; it must be at most 1024 entries");
  t.is(fromStatus(asReceived(sent), called).message, sent.message);
});

test("a failure is a google.rpc.Status with an ErrorInfo and a Failure, for a reader that knows only their .proto files", (t) => {
  const facts: ErrorFacts = { code: "LIMIT_EXCEEDED", limit: "max_batch_bytes", got: 9, max: 7 };
  const failure = asReceived(new PatchstreamError(facts, "Ask for less."));
  const [bytes] = failure.metadata.get(DETAILS);
  const { details, ...rest } = read("Status", bytes as Buffer);
  t.deepEqual(rest, { code: status.RESOURCE_EXHAUSTED, message: failure.details });
  const [info, own] = details as { typeUrl: string; value: Uint8Array }[];
  t.is(info?.typeUrl, "type.googleapis.com/google.rpc.ErrorInfo");
  t.deepEqual(read("ErrorInfo", info?.value as Uint8Array), {
    reason: "LIMIT_EXCEEDED",
    domain: "patchstream",
    metadata: { limit: "max_batch_bytes", got: "9", max: "7" },
  });
  t.is(own?.typeUrl, "type.googleapis.com/patchstream.v1.Failure");
  t.deepEqual(read("Failure", own?.value as Uint8Array), {
    code: "LIMIT_EXCEEDED",
    facts: JSON.stringify(facts),
    hint: "Ask for less.",
    retry: 1,
  });
});

test("a failure says whether another attempt can help", (t) => {
  const retries: readonly (readonly [ErrorFacts, Retry])[] = [
    [{ code: "REQUEST_INVALID", field: "k", got: 1, want: "2" }, "RETRY_NEVER"],
    [{ code: "SERVER_BUSY", limit: "max_streams", got: 2, max: 1 }, "RETRY_ELSEWHERE"],
    [{ code: "MESSAGE_DAMAGED", what: "the run spec" }, "RETRY_AGAIN"],
  ];
  for (const [facts, retry] of retries)
    t.is(failureOf(asReceived(new PatchstreamError(facts, undefined)))?.retry, retry);
});

test("whatever a request put into the facts, the trailing metadata stays small and the message can be sent", (t) => {
  fc.assert(
    fc.property(fc.anything({ maxDepth: 4, withNullPrototype: false }), fc.string({ unit: "binary" }), (got, text) => {
      const want = text.repeat(500);
      const failure = asReceived(
        new PatchstreamError({ code: "REQUEST_INVALID", field: `${text}\ud800`, got, want }, want),
      );
      const message = encodeURI(failure.details);
      const [bytes] = failure.metadata.get(DETAILS);
      const trailers = message.length + Buffer.from(bytes as Buffer).toString("base64").length;
      return trailers < 8_000 && fromStatus(failure, called).code === "REQUEST_INVALID";
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
  for (const facts of ["{", "null", '{"code":"toString"}', '{"code":"NOT_FOUND","known":1}'])
    t.is(fromStatus(failureWith(statusWith("patchstream.v1.Failure", { facts })), called).code, "INTERNAL");
  for (const bytes of [Buffer.of(0xff), Buffer.of(26, 3, 10, 9, 1), Buffer.from("{}")])
    t.is(fromStatus(failureWith(bytes), called).code, "INTERNAL");
  t.false(carriesFacts(failureWith(statusWith("google.rpc.ErrorInfo", { reason: "OTHER" }))));
});

test("a failure that is not ours is INTERNAL and keeps its stack to itself", (t) => {
  const failure = asReceived(new TypeError("boom"));
  t.is(failure.code, status.INTERNAL);
  t.false(Buffer.from(failure.metadata.get(DETAILS)[0] as Buffer).includes("status.test"));
  t.is(fromStatus(failure, called).message, "server: boom");
});
