import { createHash } from "node:crypto";
import test from "ava";
import type { PatchstreamError } from "../../plan/errors.js";
import { callUnary } from "../../rpc/client/call.js";
import { fromStatus } from "../../rpc/status.js";
import { dial, oneServer } from "../conformance/served-store.js";
import { describe, getBatch, openStream, specBytes } from "../conformance/wire.js";

const server = oneServer(test);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();

test("a spec that is not the one that was sent is refused by every call that carries its SHA-256", async (t) => {
  t.timeout(60_000);
  const channel = dial(t, await server());
  const sent = specBytes();
  const specSha256 = sha256(sent);
  const { spec: resolved } = await describe(channel);
  // one bit on the way: the seed, say, is another number, and the spec is as valid as before
  const spec = specBytes({ ...JSON.parse(Buffer.from(sent).toString()), seed: 3 });
  const refusals = [
    () => callUnary(channel, "DataService", "describeRun", { spec, specSha256, ranks: 1 }),
    () => getBatch(channel, { spec, specSha256 }),
  ];
  for (const refusal of refusals) t.is((await t.throwsAsync<PatchstreamError>(refusal()))?.code, "MESSAGE_DAMAGED");
  const stream = openStream(channel);
  const start = { timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1, spec: resolved, specSha256 } as const;
  stream.send({ kind: "start", start });
  t.is(fromStatus(await stream.failure(), { address: "", method: "" }).code, "MESSAGE_DAMAGED");

  const whole = await callUnary(channel, "DataService", "describeRun", { spec: sent, specSha256, ranks: 1 });
  t.deepEqual([...whole.receivedSha256], [...specSha256]);
  t.is((await getBatch(channel, { spec: sent, specSha256 })).begin.step, 0);
  const good = openStream(channel);
  good.send({ kind: "start", start: { ...start, specSha256: sha256(resolved) } });
  await good.expect("started");
});
