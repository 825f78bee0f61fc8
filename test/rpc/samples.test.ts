import test from "ava";
import fc from "fast-check";
import type { BatchPlan } from "../../plan/batch/batch-plan.js";
import { batchSamples } from "../../plan/batch/sample.js";
import { codec } from "../../rpc/codec/codec.js";
import { checkSamples, readSamples, samplesMessage } from "../../rpc/samples.js";

const whole = fc.integer({ min: -2048, max: 2048 });
const crop = fc.record({
  case: fc.constantFrom("a", "b", "ü"),
  class: fc.integer({ min: 0, max: 116 }),
  lower: fc.tuple(whole, whole, whole),
});

/** A plan of some crops (class 0: random), and where their boxes begin. */
const planned = fc.array(crop, { minLength: 1, maxLength: 40 }).map((crops) => {
  const plan: BatchPlan = {
    timeline: "train",
    step: 0,
    stage: 0,
    patchSize: [8, 8, 8],
    cropSize: [9, 10, 11],
    globalBatch: crops.length,
    crops: crops.map(({ case: caseId, class: from, lower }, sample) => {
      const common = { sample, case: caseId, transforms: [] };
      if (from === 0) return { ...common, kind: "random", lower };
      return { ...common, kind: "foreground", class: from, location: 0 };
    }),
  };
  return { plan, lowers: Int32Array.from(crops.flatMap(({ lower }) => lower)) };
});

test("samples come out of a message as they went in", (t) => {
  fc.assert(
    fc.property(planned, ({ plan, lowers }) => {
      const sent = codec("Samples").decode(codec("Samples").encode(samplesMessage(plan, lowers)));
      checkSamples(sent, plan.crops.length, 0);
      t.deepEqual(readSamples(sent), batchSamples(plan, lowers));
    }),
  );
});

test("a message with any bit changed is damaged, or means the same", (t) => {
  fc.assert(
    fc.property(planned, fc.nat(), ({ plan, lowers }, at) => {
      const bytes = codec("Samples").encode(samplesMessage(plan, lowers));
      const bit = at % (8 * bytes.length);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      const read = () => {
        const message = codec("Samples").decode(bytes);
        checkSamples(message, plan.crops.length, 7);
        return readSamples(message);
      };
      try {
        t.deepEqual(read(), batchSamples(plan, lowers));
      } catch (error) {
        t.regex(String(error), /list of samples of step 7|Samples/);
      }
    }),
  );
  t.throws(() => checkSamples(null, 1, 7), { message: /the list of samples of step 7/ });
});
