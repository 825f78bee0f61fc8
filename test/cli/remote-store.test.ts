import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { SMALL_RUN } from "../conformance/small-run.js";
import { serveFiles } from "../dataset/remote/file-server.js";
import { temporaryFolder } from "../dataset/temporary-folder.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { spawnService } from "../service-process.js";
import { MAIN, patchstreamHere } from "./command.js";

test("get and serve give the batch of a store behind HTTP as of the same store in a folder", async (t) => {
  const folder = temporaryFolder(t);
  const store = await makeSampleStore(folder);
  const { address, asked } = await serveFiles(t, store);
  const run = join(folder, "run.json");
  writeFileSync(run, JSON.stringify({ data: SMALL_RUN }));
  const get = (...from: string[]) => patchstreamHere("get", ...from, "--run", run, "--step", "1", "--json");
  const cache = ["--cache", join(folder, "cache"), "--cache-bytes", "64MiB"];
  const expected = (await get("--store", store)).stdout;
  t.is((await get("--store", address, ...cache)).stdout, expected);

  const before = asked.length;
  const service = await spawnService(t, "serve", address, "--port", "0", ...cache);
  t.is((await get("--data", service.address)).stdout, expected);
  const more = asked.slice(before).map(({ path }) => path);
  t.deepEqual(more, ["/zarr.json", "/plans.json"], "what get has filled the cache with is not fetched again");
});

test("a remote store that is not there is refused in one line, with exit code 1 and without a secret", async (t) => {
  const { address } = await serveFiles(t, temporaryFolder(t));
  const { code, stdout, stderr } = await patchstreamHere("inspect", `${address}/store?sig=SECRET`);
  t.is(
    stderr,
    `patchstream: ${address}/store: there is no finished store here: it has no zarr.json. Is it the store's own folder?\n`,
  );
  t.is(stdout, "");
  t.is(code, 1);
});

test("keys for S3 are never printed, and half of them are refused", async (t) => {
  const { address } = await serveFiles(t, temporaryFolder(t));
  const inspect = async (keys: Readonly<Record<string, string>>) => {
    const env = { PATH: process.env.PATH, AWS_ENDPOINT_URL: address, ...keys };
    const failed = await t.throwsAsync(
      promisify(execFile)(process.execPath, [MAIN, "inspect", "s3://bucket/store", "--debug"], { env }),
    );
    return (failed as Error & { stderr: string }).stderr;
  };
  const half = await inspect({ AWS_SECRET_ACCESS_KEY: "TOPSECRET" });
  t.regex(half, /AWS_ACCESS_KEY_ID is missing; it must be set where AWS_SECRET_ACCESS_KEY is/);
  const whole = await inspect({ AWS_ACCESS_KEY_ID: "KEYID", AWS_SECRET_ACCESS_KEY: "TOPSECRET" });
  t.regex(whole, /s3:\/\/bucket\/store: there is no finished store here/);
  for (const text of [half, whole]) t.notRegex(text, /TOPSECRET/);
});

test("ingest writes to a folder only, and a size needs its cache", async (t) => {
  const folder = temporaryFolder(t);
  const ingest = await patchstreamHere("ingest", folder, "s3://bucket/store");
  t.regex(ingest.stderr, /store is "s3:\/\/bucket\/store"; it must be a folder. Write to a folder, then copy it there/);
  const inspect = await patchstreamHere("inspect", folder, "--cache-bytes", "1GiB");
  t.is(inspect.code, 2);
  t.regex(inspect.stderr, /--cache-bytes is the size of --cache FOLDER: give both/);
});
