import { setTimeout } from "node:timers/promises";
import test from "ava";
import { PatchstreamError } from "../../../plan/errors.js";
import type { PredictRequest } from "../../../proto/messages.js";
import { announcedImage, passImage } from "../../../trainer/service/sent-image.js";

/** 64 KiB. */
const SHAPE = [1, 16, 32, 32] as const;
const BYTES = 4 * 16 * 32 * 32;

/** The image in pieces of `size` bytes, each of which is waited for. */
async function* pieces(size: number, pauseMs: number): AsyncGenerator<PredictRequest> {
  for (let offset = 0; offset < BYTES; offset += size) {
    await setTimeout(pauseMs, undefined, { ref: false });
    yield { kind: "chunk", chunk: { step: 0, offset, data: new Uint8Array(Math.min(size, BYTES - offset)) } };
  }
}

const ignore = () => Promise.resolve();

test("a caller that trickles loses its place, though it is never silent for long", async (t) => {
  const patience = { silenceMs: 500, leastBytesPerMs: 16 };
  const error = await t.throwsAsync(passImage(pieces(1, 5), SHAPE, ignore, patience), { instanceOf: PatchstreamError });
  t.is(error?.code, "DEADLINE");
  t.regex(error?.message ?? "", /^waited \d+ ms for the image, of which \d+ bytes came$/);
});

test("a caller that is silent loses its place", async (t) => {
  const patience = { silenceMs: 20, leastBytesPerMs: 16 };
  const error = await t.throwsAsync(passImage(pieces(BYTES, 60_000), SHAPE, ignore, patience));
  t.is(error?.message, "waited 20 ms for the next chunk of the image");
});

test("what came gives time for what is to come: a slow caller that is fast enough is waited for", async (t) => {
  // Far longer than the silence in all, and each piece brings a second.
  const patience = { silenceMs: 5_000, leastBytesPerMs: 1.024 };
  await t.notThrowsAsync(passImage(pieces(1024, 10), SHAPE, ignore, patience));
});

test("an image or a label that is too long on one axis is refused before memory is taken", (t) => {
  const asked = {
    training: "one",
    tensor: { name: "image", type: "f32", shape: [1, 1, 1, 2 ** 17], byteLength: 2 ** 19 },
    geometry: null,
    spacingMm: [],
    averageWith: [],
    withoutMirroring: false,
  };
  const message = "values of an image along an axis is 131072; at most 65536 is allowed";
  t.is(t.throws(() => announcedImage(asked))?.message, message);
});
