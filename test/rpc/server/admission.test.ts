import test from "ava";
import type { PatchstreamError } from "../../../plan/errors.js";
import { Admission } from "../../../rpc/server/admission.js";

test("all ports of a host are one peer, who may have its share; who has left makes room", (t) => {
  const admission = new Admission({ name: "max_calls", most: 3, mostOfPeer: 2 });
  const leave = admission.enter("10.0.0.1:1000");
  admission.enter("10.0.0.1:1001");
  const own = t.throws<PatchstreamError>(() => admission.enter("10.0.0.1:1002"));
  t.like(own?.facts, { code: "SERVER_BUSY", limit: "max_calls_of_one_peer", got: 3, max: 2 });
  admission.enter("[::1]:7");
  const all = t.throws<PatchstreamError>(() => admission.enter("10.0.0.2:1000"));
  t.like(all?.facts, { code: "SERVER_BUSY", limit: "max_calls", got: 4, max: 3 });
  t.is(admission.inside, 3);
  leave();
  admission.enter("10.0.0.1:1003");
  t.is(admission.inside, 3);
});
