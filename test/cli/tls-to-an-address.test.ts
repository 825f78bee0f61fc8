import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { serve } from "../../loader/server/serve.js";
import { pem } from "../conformance/carrier.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { patchstream, patchstreamHere } from "./command.js";

const folder = mkdtempSync(join(tmpdir(), "patchstream-tls-"));
const run = join(folder, "run.json");

let store = "";

test.before(async () => {
  store = await makeSampleStore(folder);
  writeFileSync(run, JSON.stringify({ data: { dataset: "Task04_Hippocampus", split: { fold: "all" } } }));
});

test.after.always(() => rmSync(folder, { recursive: true, force: true }));

/** The server's certificate is for localhost and 127.0.0.1. */
function serveOverTls(host: string) {
  const tls = { cert: pem("server.pem"), key: pem("server.key") };
  return serve(store, { host, tls, workers: 1, volumeBudgetBytes: 2 ** 24, slotBudgetBytes: 2 ** 24 });
}

const get = (address: string, ...flags: string[]) => [
  ...["get", "--data", address, "--tls-ca", pem("authority.pem")],
  ...["--run", run, "--step", "249999", "--json", ...flags],
];

test("TLS to an IP address works where the certificate is for it, and nothing is warned of", async (t) => {
  await using server = await serveOverTls("127.0.0.1");
  for (const flags of [[], ["--tls-server-name", "localhost"], ["--tls-server-name", "127.0.0.1"]]) {
    const { code, stderr } = await patchstream(...get(server.address, ...flags));
    t.is(stderr, "");
    t.is(code, 0);
  }
});

test("TLS to an IP address that the certificate is not for is refused", async (t) => {
  if (process.platform !== "linux") return t.pass(); // elsewhere 127.0.0.1 is the only address of its network
  await using server = await serveOverTls("127.0.0.2");
  const { code, stderr } = await patchstreamHere(...get(server.address));
  t.is(code, 1);
  t.regex(stderr, /^patchstream: 127\.0\.0\.2:\d+: its certificate is for another name than 127\.0\.0\.2\. [^\n]*\n$/);
  t.is((await patchstreamHere(...get(server.address, "--tls-server-name", "127.0.0.1"))).code, 0);
  const named = await patchstreamHere(...get(server.address, "--tls-server-name", "127.0.0.9"));
  t.regex(named.stderr, /for another name than 127\.0\.0\.9/);
});
