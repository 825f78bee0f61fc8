import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { text as textOf } from "node:stream/consumers";
import test from "ava";
import { openStore } from "../../loader/dataset/open-store.js";
import { serve } from "../../loader/server/serve.js";
import { pem } from "../conformance/carrier.js";
import { dial, SMALL_SERVER, sampleStore, startServer } from "../conformance/served-store.js";
import { RUN_STEPS } from "../conformance/small-run.js";
import { getBatch, start } from "../conformance/wire.js";
import { serveFiles } from "../dataset/remote/file-server.js";
import { serving, temporaryFolder } from "../trainer/processes.js";
import { lint, readExposition, scrape } from "./exposition.js";

const page = readFileSync(new URL("../../../docs/reference/metrics.md", import.meta.url), "utf8");

/** Name, type and labels of each metric, as the rows of the page's tables have them; prom-client's are named in families. */
function onThePage(): Map<string, { type: string; labels: string[] }> {
  const rows = page.matchAll(/^\| `(patchstream_\w+)` \| (\w+) \| [^|]*\|([^|]*)\|/gm);
  return new Map(
    [...rows].map(([, name = "", type = "", labels = ""]) => [
      name,
      { type, labels: [...labels.matchAll(/`(\w+)`/g)].map(([, label = ""]) => label) },
    ]),
  );
}

test("what both services export is by Prometheus's conventions, and is what the page says, no more and no less", async (t) => {
  t.timeout(120_000);
  const data = await startServer(t, { metricsPort: 0 });
  const channel = dial(t, data);
  const stream = await start(channel);
  stream.want(0, RUN_STEPS);
  for (let step = 0; step < RUN_STEPS; step++) await stream.batch();
  await getBatch(channel, { step: 0 });
  await t.throwsAsync(getBatch(channel, { step: 999_999 }));
  const trainer = await serving(t, "trainer", "--runs", temporaryFolder(t), "--metrics-port", "0");
  const files = await serveFiles(t, await sampleStore());
  await using store = await openStore(files.address);
  const tls = { cert: pem("server.pem"), key: pem("server.key") };
  const remote = await serve(store, { ...SMALL_SERVER, metricsPort: 0, tls });
  t.teardown(() => remote.drain());
  const told = onThePage();
  const exported = new Set<string>();
  for (const address of [data.metricsAddress, trainer.metrics, remote.metricsAddress]) {
    const metrics = readExposition(await scrape(address));
    if (address === trainer.metrics)
      for (const name of ["mean_dice", "loss", "stage"])
        t.deepEqual(
          metrics.find((metric) => metric.name === `patchstream_training_${name}`)?.samples,
          [],
          `no ${name} is told before there is one`,
        );
    t.deepEqual(lint(metrics), []);
    t.true(metrics.some(({ name }) => name === "process_resident_memory_bytes"));
    t.true(metrics.some(({ name }) => name === "nodejs_gc_duration_seconds"));
    for (const { name, type, samples } of metrics.filter((metric) => metric.name.startsWith("patchstream_"))) {
      exported.add(name);
      const row = told.get(name);
      t.is(row?.type, type, `${name} on the page`);
      for (const label of samples.flatMap(({ labels }) => labels).filter((label) => label !== "le"))
        t.true(row?.labels.includes(label), `${name}'s label ${label} on the page`);
    }
  }
  t.deepEqual(
    [...told.keys()].filter((name) => !exported.has(name)),
    [],
  );
});

test("the check finds a counter without _total, a gauge with it, another unit, a colon and a lost type", (t) => {
  const faulty = (name: string, type: string) =>
    lint(readExposition(`# HELP ${name} Words.\n# TYPE ${name} ${type}\n${name.includes(":") ? "" : `${name} 1\n`}`));
  t.deepEqual(faulty("patchstream_seen_total", "counter"), []);
  for (const [name, type] of [
    ["patchstream_seen", "counter"],
    ["patchstream_seen_total", "gauge"],
    ["patchstream_wait_milliseconds", "gauge"],
    ["patchstream_wait_ms", "gauge"],
    ["patchstream:seen", "gauge"],
    ["patchstream_waitSeconds", "gauge"],
    ["seen", "gauge"],
  ] as const)
    t.is(faulty(name, type).length, 1, name);
  t.is(lint(readExposition("# HELP patchstream_seen Words.\n")).length, 1);
  t.throws(() => readExposition("patchstream_seen 1\n"));
});

test("how long cuts, wants and calls took is told by stage, method and code", async (t) => {
  const data = await startServer(t, { metricsPort: 0 });
  const channel = dial(t, data);
  const stream = await start(channel);
  stream.want(0, 3);
  for (let step = 0; step < 3; step++) await stream.batch();
  await getBatch(channel, { step: 0 });
  await t.throwsAsync(getBatch(channel, { step: 999_999 }));
  stream.call.end();
  t.is(await stream.next(), undefined);
  const text = await scrape(data.metricsAddress);
  for (const line of [
    'patchstream_want_duration_seconds_count{stage="0"} 3',
    'patchstream_batch_cut_duration_seconds_count{stage="0"} 4',
    'patchstream_call_duration_seconds_count{method="GetBatch",code="OK"} 1',
    'patchstream_call_duration_seconds_count{method="GetBatch",code="STEP_UNKNOWN"} 1',
  ])
    t.true(text.includes(`\n${line}\n`), `${line} is not in\n${text}`);
  t.false(text.includes('method="Stream"'));
});

test("the end of the certificate that is shown is told, in seconds", async (t) => {
  const tls = { cert: pem("server.pem"), key: pem("server.key") };
  const server = await startServer(t, { metricsPort: 0, tls });
  const seconds = /^patchstream_certificate_expiry_timestamp_seconds (\S+)$/m.exec(await scrape(server.metricsAddress));
  const { validTo } = new X509Certificate(readFileSync(tls.cert));
  t.is(new Date(1e3 * Number(seconds?.[1])).getTime(), new Date(validTo).getTime());
});

test("requests to a remote store are counted over all threads, as its server sees them", async (t) => {
  t.timeout(60_000);
  const files = await serveFiles(t, await sampleStore());
  await using store = await openStore(files.address);
  const server = await serve(store, {
    workers: 2,
    volumeBudgetBytes: 64 << 20,
    slotBudgetBytes: 32 << 20,
    metricsPort: 0,
  });
  t.teardown(() => server.drain());
  const stream = await start(dial(t, server));
  stream.want(0, 3);
  for (let step = 0; step < 3; step++) await stream.batch();
  const text = await scrape(server.metricsAddress);
  const [requests, retries] = ["requests", "retries"].map((name) =>
    Number(new RegExp(`^patchstream_store_${name}_total (\\d+)$`, "m").exec(text)?.[1]),
  ) as [number, number];
  // What failed before the server saw it was made again.
  t.is(requests - retries, files.asked.length);
  t.true(
    files.asked.some(({ path }) => path.includes("/image/")),
    "threads have read volumes",
  );
});

test("only GET /metrics is answered, as Prometheus text; rubbish does not end the endpoint", async (t) => {
  const { metricsAddress = "" } = await startServer(t, { metricsPort: 0 });
  t.regex(metricsAddress, /^127\.0\.0\.1:/);
  const [host = "", port] = metricsAddress.split(":");
  const answered = async (path: string, method: string, headers = {}) =>
    new Promise<number | undefined>((resolve, reject) => {
      request({ host, port, path, method, headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      })
        .on("error", reject)
        .end();
    });
  for (const [path, method, status] of [
    ["/", "GET", 404],
    ["/metrics/", "GET", 404],
    ["//metrics", "GET", 404],
    ["/metrics", "POST", 404],
    ["/metrics", "DELETE", 404],
    ["/metrics?name[]=x", "GET", 200],
  ] as const)
    t.is(await answered(path, method), status, `${method} ${path}`);
  t.is(await answered("/metrics", "GET", { long: "x".repeat(20_000) }), 431);
  for (const rubbish of ["\0\x01\xff\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "GET /metrics HTTP/9.9\r\n\r\n"]) {
    const socket = connect(Number(port), host);
    socket.end(rubbish, "latin1");
    t.regex(await textOf(socket), /^HTTP\/1\.1 (?:400|505)/);
  }
  const response = await fetch(`http://${metricsAddress}/metrics`);
  t.is(response.status, 200);
  t.is(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
});

test("the metrics listen where they are told to, and what is no host or port is refused by its name", async (t) => {
  const everywhere = await startServer(t, { metricsPort: 0, metricsHost: "0.0.0.0" });
  t.regex(everywhere.metricsAddress ?? "", /^0\.0\.0\.0:\d+$/);
  await t.throwsAsync(startServer(t, { metricsPort: 65_536 }), { message: /metricsPort.*65536.*0 to 65535/ });
  await t.throwsAsync(startServer(t, { metricsPort: 0, metricsHost: "" }), { message: /metricsHost.*a host name/ });
  await t.throwsAsync(startServer(t, { port: -1 }), { message: /port.*-1.*0 to 65535/ });
  const taken = Number(everywhere.metricsAddress?.split(":")[1]);
  await t.throwsAsync(startServer(t, { metricsPort: taken, metricsHost: "0.0.0.0" }), { message: /The port is taken/ });
});
