import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { get as getTls } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import test, { type ExecutionContext } from "ava";
import { PatchstreamError } from "../../../plan/index.js";
import { type HttpListener, type HttpListenOptions, listenHttp } from "../../../rpc/index.js";
import { pem } from "../../conformance/carrier.js";

/** A listener that answers whoever has a token for watching. */
async function listener(t: ExecutionContext, options: HttpListenOptions = {}): Promise<HttpListener> {
  const opened = await listenHttp(options, async ({ response, opened: open }) => {
    try {
      open(["watch"]);
      response.end("seen");
    } catch (error) {
      response.writeHead(error instanceof PatchstreamError ? 401 : 500).end();
    }
  });
  t.teardown(() => opened[Symbol.asyncDispose]());
  return opened;
}

function asked(address: string, headers: Readonly<Record<string, string>>): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    get(`http://${address}/`, { headers }, async (answer) => {
      resolve({ status: answer.statusCode ?? 0, body: await text(answer) });
    }).on("error", reject);
  });
}

const tokenOf = ({ url }: HttpListener) => /#token=(.*)$/.exec(url)?.[1] ?? "";
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

test("a token is drawn for whoever reads the address, another each time, and nobody gets in without", async (t) => {
  const [one, two] = [await listener(t), await listener(t)];
  t.is((await asked(one.address, bearer(tokenOf(one)))).body, "seen");
  t.not(tokenOf(one), tokenOf(two));
  t.true(tokenOf(one).length >= 32);
  for (const headers of [{}, bearer(tokenOf(two)), bearer("")]) t.is((await asked(one.address, headers)).status, 401);
});

test("a page whose name was pointed at this server gets nothing from it, token or not", async (t) => {
  const one = await listener(t);
  const [, port = ""] = one.address.split(":");
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    "localhost.evil.example",
    `127.0.0.1.evil.example:${port}`,
  ])
    t.is((await asked(one.address, { host, ...bearer(tokenOf(one)) })).status, 421, host);
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`])
    t.is((await asked(one.address, { host, ...bearer(tokenOf(one)) })).status, 200, host);
});

/** Everything that comes back for bytes as they are. */
function answered(address: string, bytes: string): Promise<string> {
  const [host, port = ""] = address.split(":");
  const socket = connect(Number(port), host);
  socket.end(bytes);
  return text(socket);
}

test("a request whose path or host is no address is refused, and the server goes on", async (t) => {
  const one = await listener(t);
  const token = `Authorization: Bearer ${tokenOf(one)}`;
  const rubbish = [
    ["http://[", "localhost"],
    ["//[", "localhost"],
    ["*", "localhost"],
    ["evil", "localhost"],
    ["/", "127.0.0.1:99999"],
    ["/", "::1"],
  ] as const;
  for (const [path, host] of rubbish) {
    const answer = await answered(one.address, `OPTIONS ${path} HTTP/1.1\r\nHost: ${host}\r\n${token}\r\n\r\n`);
    t.regex(answer, path.startsWith("//") ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 4\d\d /, `${path} of ${host}`);
  }
  t.is((await asked(one.address, bearer(tokenOf(one)))).body, "seen");
});

test("a path is this server's, also where it looks like another host's", async (t) => {
  const paths: string[] = [];
  const one = await listenHttp({}, async ({ response, url }) => {
    paths.push(`${url.host}${url.pathname}`);
    response.end();
  });
  t.teardown(() => one[Symbol.asyncDispose]());
  await answered(one.address, "GET //evil.example/api HTTP/1.1\r\nHost: localhost\r\n\r\n");
  t.deepEqual(paths, ["localhost//evil.example/api"]);
});

test("tokens of a file open what their scopes say, and no more once they have left it", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-http-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const tokenFile = join(folder, "tokens");
  writeFileSync(tokenFile, "watch for-watching\ntrain for-training\n");
  const one = await listener(t, { tokenFile });
  t.false(one.url.includes("token"));
  t.is((await asked(one.address, bearer("for-watching"))).status, 200);
  t.is((await asked(one.address, bearer("for-training"))).status, 401);
  const revoked = await new Promise<unknown>((resolve) => {
    listenHttp({ tokenFile }, async ({ response, opened }) => {
      const signal = opened(["watch"]);
      signal.addEventListener("abort", () => resolve(signal.reason));
      response.end();
      writeFileSync(`${tokenFile}.new`, "watch another\n");
      renameSync(`${tokenFile}.new`, tokenFile);
    }).then((other) => {
      t.teardown(() => other[Symbol.asyncDispose]());
      return asked(other.address, bearer("for-watching"));
    });
  });
  t.like(revoked, { code: "UNAUTHENTICATED" });
});

test("others than this machine are served over TLS, or where that was asked for without", async (t) => {
  await t.throwsAsync(
    listenHttp({ host: "0.0.0.0" }, async () => {}),
    { code: "SPEC_INVALID", message: /--insecure/ },
  );
  const [cert, key] = [pem("server.pem"), pem("server.key")];
  const one = await listener(t, { host: "0.0.0.0", tls: { cert, key } });
  const [, port = ""] = one.address.split(":");
  t.true(one.url.startsWith("https://"));
  const body = await new Promise<string>((resolve, reject) => {
    const options = { ca: readFileSync(pem("authority.pem")), servername: "localhost", headers: bearer(tokenOf(one)) };
    getTls(`https://127.0.0.1:${port}/`, options, async (answer) => resolve(await text(answer))).on("error", reject);
  });
  t.is(body, "seen");
  const open = await listener(t, { host: "0.0.0.0", insecure: true });
  t.is((await asked(open.address.replace("0.0.0.0", "127.0.0.1"), {})).status, 401, "a token is needed there, too");
  await t.throwsAsync(
    listenHttp({ port: Number(port) }, async () => {}),
    { code: "UNAVAILABLE", message: /taken/ },
  );
});
