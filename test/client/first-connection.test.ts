import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test, { type ExecutionContext } from "ava";
import { connect } from "../../client/connect.js";
import type { ConnectOptions } from "../../client/types.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { closedPort } from "../closed-port.js";
import { pem } from "../conformance/carrier.js";
import { oneServer, startServer } from "../conformance/served-store.js";

const server = oneServer(test);
const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));
const files = { cert: pem("server.pem"), key: pem("server.key") };

/** Far below the deadline of 60 s, above the 2 s that are promised: the machine may be busy. */
const SOON_MS = 10_000;

function client(t: ExecutionContext, addresses: string | string[], options: ConnectOptions = {}) {
  const connected = connect(addresses, options);
  t.teardown(() => connected[Symbol.asyncDispose]());
  return connected;
}

async function failure(t: ExecutionContext, addresses: string | string[], options: ConnectOptions = {}) {
  const beganMs = performance.now();
  const error = await t.throwsAsync<PatchstreamError>(client(t, addresses, options).describeDataset());
  t.true(performance.now() - beganMs < SOON_MS, "it fails soon");
  t.notRegex(error?.message ?? "", /\n|error:|routines|ERR_|undefined/, "one line in plain words");
  return error?.message ?? "";
}

/** An address at which nothing listens any more. */
const closedAddress = async () => `127.0.0.1:${await closedPort()}`;

test("a refused connection", async (t) => {
  const address = await closedAddress();
  t.is(
    await failure(t, address),
    `${address}: nothing listens there (connection refused). Is the server running there?`,
  );
});

for (const [address, hint] of [
  ["localhost", "It has no port."],
  ["localhost:", "It has no port."],
  ["data.example", "It has no port."],
  ["::1", "An IPv6 address stands in brackets: [::1]:7070."],
  ["::1:7070", "An IPv6 address stands in brackets: [::1]:7070."],
  ["http://localhost:7070", "Leave out http://."],
  ["/run/data.sock", "A Unix socket's address is unix:/run/data.sock."],
  ["localhost:0", undefined],
  ["localhost:65536", undefined],
  ["localhost:seven", undefined],
  ["localhost:7070/", undefined],
  ["a:1;b:2", undefined],
  ["dns:///localhost", undefined],
  ["[::1]", undefined],
] as const)
  test(`the address ${address} is refused before anything is opened, and told what an address is`, (t) => {
    const error = t.throws<PatchstreamError>(() => connect(address));
    t.like(error?.facts, { code: "SPEC_INVALID", field: "address", got: address });
    t.regex(error?.message ?? "", /it must be host:port/);
    t.is(error?.hint, hint);
  });

for (const address of ["[::1]:7070", "dns:///data.example:7070", "ipv4:127.0.0.1:1", "unix:/tmp/a.sock"])
  test(`the address ${address} is taken`, (t) => {
    t.notThrows(() => client(t, address));
  });

test("several addresses of which none can be reached are all named", async (t) => {
  const [one, two] = [await closedAddress(), await closedAddress()];
  t.regex(await failure(t, [one, two]), new RegExp(`^${one}, ${two}: nothing listens there`));
  const plain = (await server()).address;
  const message = await failure(t, [one, plain], { tls: { ca: pem("authority.pem") } });
  t.regex(message, /nothing listens there \(connection refused\) \(.*\); it does not speak TLS \(.*\)/);
});

test("one of several that answers is enough", async (t) => {
  const { address } = await server();
  const { name } = await client(t, [await closedAddress(), address]).describeDataset();
  t.is(name, "Task04_Hippocampus");
});

test("a server's certificate of another authority, and one that the system does not know", async (t) => {
  const { address } = await startServer(t, { tls: files });
  t.regex(
    await failure(t, address, { tls: { ca: pem("other-authority.pem") } }),
    new RegExp(`^${address}: its certificate is not signed by the authority in --tls-ca. .*--tls-ca\\.$`),
  );
  t.regex(await failure(t, address, { tls: {} }), /not signed by any authority that this system trusts/);
});

test("a certificate for another name", async (t) => {
  const { address } = await startServer(t, { tls: files });
  const tls = { ca: pem("authority.pem"), serverName: "data.example" };
  t.regex(await failure(t, address, { tls }), /is for another name than data\.example\. .*--tls-server-name/);
});

test("a server that wants a certificate (mTLS): none, and a stranger's", async (t) => {
  const { address } = await startServer(t, { tls: { ...files, ca: pem("authority.pem") } });
  t.regex(
    await failure(t, address, { tls: { ca: pem("authority.pem") } }),
    /only clients with a certificate.*--tls-cert/,
  );
  const stranger = { ca: pem("authority.pem"), cert: pem("stranger.pem"), key: pem("stranger.key") };
  t.regex(await failure(t, address, { tls: stranger }), /only clients with a certificate that it trusts/);
});

test("plain text against TLS, and TLS against plain text", async (t) => {
  const overTls = await startServer(t, { tls: files });
  t.regex(await failure(t, overTls.address), /it seems to speak TLS\. Call it with --tls or --tls-ca/);
  const plain = await server();
  t.regex(await failure(t, plain.address, { tls: { ca: pem("authority.pem") } }), /it does not speak TLS/);
});

test("a missing and a wrong token name the server and the flag", async (t) => {
  const { address } = await startServer(t, { token: "right" });
  const expected = new RegExp(`${address}: .*token.*--token-file`);
  t.regex(await failure(t, address), expected);
  t.regex(await failure(t, address, { token: "wrong" }), expected);
});

test("a name that does not resolve", async (t) => {
  t.regex(
    await failure(t, "nowhere.invalid:7070"),
    /^nowhere\.invalid:7070: the name nowhere\.invalid does not resolve/,
  );
});

test("something that is no gRPC server", async (t) => {
  const other = createServer((socket) => {
    socket.on("error", () => {}); // a client that hangs up
    socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  }).listen(0, "127.0.0.1");
  t.teardown(() => other.close());
  await new Promise((resolve) => other.once("listening", resolve));
  const { port } = other.address() as { port: number };
  t.regex(await failure(t, `127.0.0.1:${port}`), /no gRPC server/);
});

test("with waitMs a server that starts later is waited for", async (t) => {
  const address = await closedAddress();
  const asked = client(t, address, { waitMs: 60_000 }).describeDataset();
  await startServer(t, { port: Number(address.split(":")[1]) });
  t.is((await asked).name, "Task04_Hippocampus");
});

test("PEM files that are missing or none are named with their flag, at once", (t) => {
  t.like(t.throws<PatchstreamError>(() => connect("127.0.0.1:1", { tls: { ca: "no.pem" } }))?.facts, {
    code: "INPUT_DAMAGED",
    file: "no.pem",
    reason: "there is no such file",
    want: "a PEM certificate (--tls-ca)",
  });
  const file = join(mkdtempSync(join(tmpdir(), "patchstream-pem-")), "not.pem");
  writeFileSync(file, "-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n");
  t.like(t.throws<PatchstreamError>(() => connect("127.0.0.1:1", { tls: { ca: file } }))?.facts, {
    code: "INPUT_DAMAGED",
    file,
  });
});

test("a token without TLS goes to this machine only", (t) => {
  for (const address of ["data.example:7070", "192.0.2.1:7070", "dns:///data.example:7070"])
    t.regex(
      t.throws<PatchstreamError>(() => connect(["127.0.0.1:1", address], { token: "secret" }))?.message ?? "",
      new RegExp(`only over TLS, and ${address} is called without. .*--tls`),
    );
});

interface Said {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function patchstream(args: readonly string[], env: Record<string, string> = {}): Promise<Said> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, ...args],
      { env: { ...process.env, ...env } },
      (_, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

test("the command line says it in one line, of a trainer too", async (t) => {
  const address = await closedAddress();
  const { code, stderr } = await patchstream(["trainings", "--trainer", address]);
  t.is(code, 1);
  t.is(stderr, `patchstream: ${address}: nothing listens there (connection refused). Is the server running there?\n`);
});

test("an empty token file is refused, and a missing one", async (t) => {
  const file = join(mkdtempSync(join(tmpdir(), "patchstream-token-")), "token");
  writeFileSync(file, "\n");
  const empty = await patchstream(["trainings", "--trainer", "127.0.0.1:1", "--token-file", file]);
  t.regex(empty.stderr, /token: it is empty/);
  const missing = await patchstream(["trainings", "--trainer", "127.0.0.1:1", "--token-file", `${file}.no`]);
  t.regex(missing.stderr, /token\.no: there is no such file; it must be a file with a token \(--token-file\)/);
});

test("proxies of the environment are for other machines, and named where one fails", async (t) => {
  const { address } = await server();
  const addresses = [address, "192.0.2.1:7070"];
  const proxies = ["http_proxy", "https_proxy", "grpc_proxy"];
  // A client has the environment of the moment in which it is made.
  const script = `
    const { connect } = await import(process.argv[1]);
    const [proxies, addresses] = process.argv.slice(2).map(JSON.parse);
    const ask = async (proxy, address) => {
      process.env[proxy] = "http://127.0.0.1:9";
      const client = connect(address);
      delete process.env[proxy];
      try { return (await client.describeDataset()).name; } catch (error) { return error.message; }
    };
    console.log(JSON.stringify(await Promise.all(proxies.map((proxy) => Promise.all(addresses.map((to) => ask(proxy, to)))))));`;
  const client = new URL("../../client/index.js", import.meta.url).href;
  const env = { ...process.env, no_proxy: "", no_grpc_proxy: "", http_proxy: "", https_proxy: "", grpc_proxy: "" };
  const args = ["--input-type=module", "-e", script, client, JSON.stringify(proxies), JSON.stringify(addresses)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env });
  for (const [index, [own, other]] of (JSON.parse(stdout) as [string, string][]).entries()) {
    t.is(own, "Task04_Hippocampus");
    t.regex(other, new RegExp(`^192.0.2.1:7070: .*environment variable ${proxies[index]} names`));
  }
});
