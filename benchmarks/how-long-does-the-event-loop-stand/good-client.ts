/**
 * `good-client.js ADDRESS`: a well-behaved client in a process of its own. It asks for the data set and for one small batch in turn, every
 * 10 ms, and answers each message with the milliseconds that its calls took since the last one.
 */
import { setTimeout } from "node:timers/promises";
import { callStream, callUnary, openChannel } from "../../rpc/index.js";
import { jsonBytes, SMALL_SPEC, UNCHECKED } from "./specs.js";

const channel = openChannel(process.argv[2] as string);
const FIRST_PAGE = { pageSize: 0, pageToken: "" };
const options = { timeoutMs: 60_000 };
let tookMs: number[] = [];
let failed = 0;

async function small(): Promise<void> {
  const request = { spec: jsonBytes(SMALL_SPEC), specSha256: UNCHECKED, timeline: "TIMELINE_TRAIN", step: 0 } as const;
  for await (const _ of callStream(channel, "DataService", "getBatch", { ...request, rank: 0, ranks: 1 }, options));
}

process.on("message", () => {
  process.send?.({ tookMs, failed });
  [tookMs, failed] = [[], 0];
});

for (let turn = 0; ; turn++) {
  const startedMs = performance.now();
  try {
    await (turn % 2 === 0 ? callUnary(channel, "DataService", "describeDataset", FIRST_PAGE, options) : small());
  } catch {
    failed++;
  }
  tookMs.push(performance.now() - startedMs);
  await setTimeout(10);
}
