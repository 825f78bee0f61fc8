import { status } from "@grpc/grpc-js";
import test from "ava";
import fc from "fast-check";
import { PatchstreamError } from "../../../plan/errors.js";
import { encodeLaneStatus, LANE_OK, readLaneStatus } from "../../../rpc/lane/lane-status.js";
import { failureOf, fromStatus, toStatus } from "../../../rpc/status.js";

const called = { address: "there", method: "Stream" };

test("a failure at the end of a lane is the one that was sent, with code, facts, hint and retry", (t) => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (got, want) => {
      const sent = new PatchstreamError({ code: "REQUEST_INVALID", field: "step", got, want }, "try this");
      const read = readLaneStatus(encodeLaneStatus(toStatus(sent)));
      t.is(read?.code, status.INVALID_ARGUMENT);
      if (read === undefined) return;
      t.is(failureOf(read)?.retry, "RETRY_NEVER");
      const error = fromStatus(read, called);
      t.deepEqual(error.facts, sent.facts);
      t.is(error.hint, "try this");
      t.is(read.details, sent.message.slice(0, read.details.length));
    }),
    { numRuns: 100 },
  );
});

test("OK is no failure, and what is no status is MESSAGE_DAMAGED", (t) => {
  t.is(readLaneStatus(LANE_OK), undefined);
  for (const text of ["", "rubbish", "grpc-status: \r\n", "grpc-status: 99\r\n", "grpc-status: one\r\n"])
    t.like(
      t.throws(() => readLaneStatus(Buffer.from(text))),
      { facts: { code: "MESSAGE_DAMAGED" } },
    );
});
