import test from "ava";
import { PatchstreamError } from "../../plan/errors.js";
import { openChannel } from "../../rpc/client/channel.js";
import { fromStatus } from "../../rpc/status.js";
import { dial, startServer } from "../conformance/served-store.js";
import { describe, getBatch, openStream, UNCHECKED } from "../conformance/wire.js";

const TOKEN = "a token of 24 characters";

/** Wrong in one place, as long as the right one. */
const WRONG = [TOKEN.replace("a", "b"), TOKEN.replace("24", "25"), `${TOKEN.slice(0, -1)}z`, "*".repeat(TOKEN.length)];

test("a token that is wrong in one character is refused by every kind of call", async (t) => {
  t.timeout(60_000);
  const server = await startServer(t, { token: TOKEN });
  const right = dial(t, server, { token: TOKEN });
  const { spec } = await describe(right);
  const start = { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 } as const;
  for (const token of WRONG) {
    t.is(token.length, TOKEN.length);
    const channel = dial(t, server, { token });
    for (const call of [() => describe(channel), () => getBatch(channel, { step: 0 })])
      t.is((await t.throwsAsync<PatchstreamError>(call()))?.code, "UNAUTHENTICATED");
    const stream = openStream(channel);
    stream.send({ kind: "start", start });
    t.is(fromStatus(await stream.failure(), { address: "", method: "" }).code, "UNAUTHENTICATED");
  }
  const stream = openStream(right);
  stream.send({ kind: "start", start });
  await stream.expect("started");
});

test("a token that no header can carry is refused by the client, and no message repeats it", (t) => {
  for (const token of ["", "first\nsecond", "s\u00e9cret", "\u0000\u0001"]) {
    const error = t.throws(() => openChannel("localhost:1", { token }), { instanceOf: PatchstreamError });
    t.is(error.code, "UNAUTHENTICATED");
    if (token !== "") t.false(JSON.stringify({ ...error.facts, message: error.message }).includes(token));
  }
});
