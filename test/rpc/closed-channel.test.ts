import test from "ava";
import type { PatchstreamError } from "../../plan/errors.js";
import { callStream, callUnary } from "../../rpc/client/call.js";
import { dial, oneServer } from "../conformance/served-store.js";
import { FIRST_PAGE } from "../conformance/wire.js";

const server = oneServer(test);

test("a call on a channel that was closed for a new one is UNAVAILABLE, which is asked again", async (t) => {
  const channel = dial(t, await server());
  await channel.contact({});
  const unary = callUnary(channel, "DataService", "describeDataset", FIRST_PAGE);
  channel.client.close(); // behind the wait for the first connection, before the call begins
  t.is((await t.throwsAsync<PatchstreamError>(unary))?.code, "UNAVAILABLE");
  const request = { case: "hippocampus_003", volume: "VOLUME_LABEL", region: null } as const;
  const stream = async () => {
    for await (const message of callStream(channel, "DataService", "readCase", request)) t.fail(`${message.kind} came`);
  };
  t.is((await t.throwsAsync<PatchstreamError>(stream()))?.code, "UNAVAILABLE");
});
