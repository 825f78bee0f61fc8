import type { DataSpecInput } from "../../client/index.js";
import { type Channel, callDuplex, callUnary, codec } from "../../rpc/index.js";

/** Steps that are wanted ahead, as our client wants them. */
const CREDIT_BATCHES = 8;
/** Chunks are longer, all other messages shorter. */
const LONGEST_DECODED = 4096;

const UNCHECKED = new Uint8Array();

/**
 * Batches 0 to `steps` - 1 of a run at one stage, over gRPC, counted as they end: nothing is put together and no checksum is taken. The next
 * step is wanted when one is taken.
 */
export async function* countedBatches(
  channel: Channel,
  { data, stage, steps }: { readonly data: DataSpecInput; readonly stage: number; readonly steps: number },
): AsyncGenerator<void> {
  const request = { spec: new TextEncoder().encode(JSON.stringify(data)), specSha256: UNCHECKED, ranks: 1 };
  const { spec } = await callUnary(channel, "DataService", "describeRun", request);
  const call = callDuplex(channel, "DataService", "stream", (bytes) => bytes);
  let arrived = 0;
  let failure: Error | undefined;
  let wake = () => {};
  call.on("data", (message: Buffer) => {
    if (message.length > LONGEST_DECODED || codec("StreamResponse").decode(message).kind !== "batchEnd") return;
    arrived++;
    wake();
  });
  call.on("error", (error: Error) => {
    failure = error;
    wake();
  });
  const ended = new Promise((resolve) => call.once("end", resolve).once("error", resolve));
  call.write({
    kind: "start",
    start: { spec, specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", rank: 0, ranks: 1 },
  });
  const want = (firstStep: number, count: number) => call.write({ kind: "want", want: { firstStep, count, stage } });
  want(0, Math.min(CREDIT_BATCHES, steps));
  for (let step = 0; step < steps; step++) {
    while (arrived <= step && failure === undefined)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    if (failure !== undefined) throw failure;
    if (step + CREDIT_BATCHES < steps) want(step + CREDIT_BATCHES, 1);
    yield;
  }
  call.end();
  await ended;
}
