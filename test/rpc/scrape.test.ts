import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import test from "ava";
import { parseMetrics, scrape } from "../../rpc/client/scrape.js";
import { dial, startServer } from "../conformance/served-store.js";
import { getBatch } from "../conformance/wire.js";

test("samples are added up over their labels; comments, buckets and damage are left out", (t) => {
  const text = [
    "# HELP sent_total Batches.",
    'sent_total{stage="0"} 2',
    'sent_total{stage="1"} 3 1700000000000',
    'seconds_bucket{le="1"} 9',
    "seconds_sum 0.5",
    "share NaN",
    "}{ 7",
    "",
  ].join("\n");
  t.deepEqual(
    [...parseMetrics(text)],
    [
      ["sent_total", 5],
      ["seconds_sum", 0.5],
    ],
  );
});

test("a data server's own metrics are read, and what is none says why", async (t) => {
  const data = await startServer(t, { metricsPort: 0 });
  await getBatch(dial(t, data), { step: 0 });
  const metrics = await scrape(data.metricsAddress ?? "", 10_000);
  t.true((metrics.get("patchstream_engine_batches_cut_total") ?? 0) >= 1);

  const other = createServer((_request, response) =>
    response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
  );
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  t.teardown(() => other.close());
  await t.throwsAsync(scrape(`127.0.0.1:${(other.address() as AddressInfo).port}`, 10_000));
});
