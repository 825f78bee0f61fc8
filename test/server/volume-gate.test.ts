import test from "ava";
import { connect } from "../../client/connect.js";
import { callStream } from "../../rpc/client/call.js";
import { dial, startServer } from "../conformance/served-store.js";

/** Room for a few of the sample's volumes at once. */
const BUDGET = 1 << 20;

test("volumes that were read, and those whose reader left, make room for the next ones", async (t) => {
  t.timeout(100_000);
  const server = await startServer(t, { slotBudgetBytes: BUDGET });
  const client = connect(server.address, { deadlineMs: 20_000 });
  t.teardown(() => client[Symbol.asyncDispose]());
  const channel = dial(t, server);
  const { cases } = await client.describeDataset();
  let bytes = 0;
  for (let round = 0; round < 12; round++)
    for (const { id } of cases) {
      bytes += (await client.readImage(id)).byteLength;
      const request = { case: id, volume: "VOLUME_IMAGE", region: null } as const;
      for await (const frame of callStream(channel, "DataService", "readCase", request, { timeoutMs: 20_000 }))
        if (frame.kind === "volumeBegin") break;
    }
  t.true(bytes > 4 * BUDGET, `${bytes} bytes were read`);
});
