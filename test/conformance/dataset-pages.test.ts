import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { status } from "@grpc/grpc-js";
import test from "ava";
import { datasetDigest, openSeal, type StoreRecord, sealedGroup } from "../../loader/dataset/store-metadata.js";
import { serve } from "../../loader/server/serve.js";
import type { PatchstreamError } from "../../plan/errors.js";
import type { Messages } from "../../proto/messages.js";
import { callUnary } from "../../rpc/client/call.js";
import type { Channel } from "../../rpc/client/channel.js";
import { codec } from "../../rpc/codec/codec.js";
import { STATUS_OF } from "../../rpc/status.js";
import { startPeer } from "../client/peer.js";
import { fileScope } from "../trainer/file-scope.js";
import { type Teardown, temporaryFolder } from "../trainer/processes.js";
import { heldClient } from "./held/hold.js";
import { dial, sampleStore } from "./served-store.js";
import { FIRST_PAGE } from "./wire.js";

const { hold } = heldClient(test);

/** What gRPC's clients take in one message unless they are told otherwise. */
const DEFAULT_CLIENT_BYTES = 4 << 20;

type Page = Messages["DescribeDatasetResponse"];

/** A server of the sample store whose record names its three cases again and again, under `count` ids. */
async function serveCases(t: Teardown, count: number, change: Partial<StoreRecord> = {}) {
  const store = join(temporaryFolder(t), "store");
  cpSync(await sampleStore(), store, { recursive: true });
  const path = join(store, "zarr.json");
  const record = openSeal<StoreRecord>(readFileSync(path, "utf8"));
  const cases = Array.from({ length: count }, (_, i) => {
    const one = record.cases[i % record.cases.length] as StoreRecord["cases"][number];
    return { ...one, id: `case_${String(i).padStart(6, "0")}` };
  });
  writeFileSync(path, sealedGroup({ ...record, cases, digest: datasetDigest(cases), ...change }));
  const server = await serve(store, { workers: 1, volumeBudgetBytes: 64 << 20, slotBudgetBytes: 32 << 20 });
  t.teardown(() => server.drain());
  return { server, ids: cases.map(({ id }) => id) };
}

const scope = fileScope(test);
let four: ReturnType<typeof serveCases> | undefined;

/** A server of four cases, for all tests. */
function serveFourCases(): ReturnType<typeof serveCases> {
  four ??= serveCases(scope, 4);
  return four;
}

function ask(channel: Channel, request: Partial<Messages["DescribeDatasetRequest"]> = {}): Promise<Page> {
  return callUnary(channel, "DataService", "describeDataset", { ...FIRST_PAGE, ...request });
}

async function walk(channel: Channel, pageSize = 0): Promise<Page[]> {
  const pages = [await ask(channel, { pageSize })];
  for (let token = pages[0]?.nextPageToken; token !== undefined && token !== ""; ) {
    const page = await ask(channel, { pageSize, pageToken: token });
    pages.push(page);
    token = page.nextPageToken;
  }
  return pages;
}

const caseIds = (pages: readonly Page[]) => pages.flatMap(({ cases }) => cases.map(({ id }) => id));

test("a data set of any size comes in pages that every gRPC client takes, and the client puts them together", async (t) => {
  t.timeout(120_000);
  const { server, ids } = await serveCases(t, 12_500);
  const pages = await walk(dial(t, server));
  const sizes = pages.map((page) => codec("DescribeDatasetResponse").encode(page).length);
  t.true(sizes.reduce((a, b) => a + b, 0) > DEFAULT_CLIENT_BYTES, "in one message it would not have come");
  t.true(Math.max(...sizes) < DEFAULT_CLIENT_BYTES / 8);
  t.deepEqual(caseIds(pages), ids);
  for (const { cases: _, nextPageToken: __, ...head } of pages) {
    const { cases: ___, nextPageToken: ____, ...first } = pages[0] as Page;
    t.deepEqual(head, first);
    t.is(head.caseCount, ids.length);
  }
  const { cases, digest } = await hold(t, server.address).describeDataset();
  t.deepEqual(cases, ids);
  t.true(pages.every((page) => page.digest === digest));
});

test("a page has as many cases as asked for at most, and the walk may change its page size", async (t) => {
  const { server, ids } = await serveCases(t, 10);
  const channel = dial(t, server);
  const whole = await ask(channel);
  t.deepEqual([whole.cases.length, whole.nextPageToken], [10, ""]);
  for (const pageSize of [1, 3, 10, 4_000_000_000]) {
    const pages = await walk(channel, pageSize);
    t.deepEqual(
      pages.map(({ cases }) => cases.length),
      Array.from({ length: Math.ceil(10 / pageSize) }, (_, page) => Math.min(pageSize, 10 - page * pageSize)),
    );
    t.deepEqual(caseIds(pages), ids);
  }
  const { nextPageToken } = await ask(channel, { pageSize: 4 });
  t.deepEqual(caseIds([await ask(channel, { pageSize: 2, pageToken: nextPageToken })]), ["case_000004", "case_000005"]);
});

test("a token that is none is refused by name", async (t) => {
  const { server } = await serveFourCases();
  const channel = dial(t, server);
  const { nextPageToken } = await ask(channel, { pageSize: 2 });
  for (const pageToken of ["4", "-1", "../..", nextPageToken.replace(/\d+$/, "4"), `${nextPageToken} `]) {
    const error = await t.throwsAsync<PatchstreamError>(ask(channel, { pageToken }));
    t.like(error?.facts, { code: "REQUEST_INVALID", field: "page_token", got: pageToken });
  }
});

test("a token of another data set, or of what the data set was before, is ABORTED with DATASET_CHANGED", async (t) => {
  const token = async (count: number, change: Partial<StoreRecord> = {}) => {
    const { server } = await serveCases(t, count, change);
    const channel = dial(t, server);
    return { channel, pageToken: (await ask(channel, { pageSize: 2 })).nextPageToken };
  };
  const channel = dial(t, (await serveFourCases()).server);
  const before = { pageToken: (await ask(channel, { pageSize: 2 })).nextPageToken };
  const twin = await token(4);
  t.is(before.pageToken, twin.pageToken, "any replica goes on");
  const others = [await token(5), await token(4, { labels: { background: 0, Front: 1, Posterior: 2 } })];
  for (const { channel } of others) {
    const error = await t.throwsAsync<PatchstreamError>(ask(channel, { pageToken: before.pageToken }));
    t.like(error?.facts, { code: "DATASET_CHANGED", dataset: "Task04_Hippocampus" });
    t.is(STATUS_OF.DATASET_CHANGED, status.ABORTED);
  }
});

test("a client begins again where the data set changes between two pages, and says so where it always does", async (t) => {
  const [old, current] = [await serveFourCases(), await serveCases(t, 6)];
  const [before, after] = [dial(t, old.server), dial(t, current.server)];
  const peer = (isStill: (call: number) => boolean) => {
    let calls = 0;
    return startPeer(t, after, {
      describeDataset: ({ pageToken }) => ask(isStill(++calls) ? before : after, { pageSize: 2, pageToken }),
    });
  };
  const replaced = hold(t, await peer((call) => call <= 1));
  t.is((await replaced.describeDataset()).cases.length, 6);
  const changing = hold(t, await peer((call) => call % 2 === 0));
  const error = await t.throwsAsync<PatchstreamError>(changing.describeDataset());
  t.is(error?.code, "DATASET_CHANGED");
});

test("pages that lose a case, or never end, are no answer", async (t) => {
  const { server } = await serveFourCases();
  const honest = dial(t, server);
  const lies: ((page: Page) => Page)[] = [
    (page) => ({ ...page, cases: page.cases.slice(1) }),
    (page) => ({ ...page, cases: [], nextPageToken: "more" }),
  ];
  for (const lie of lies) {
    const address = await startPeer(t, honest, { describeDataset: async () => lie(await ask(honest)) });
    const client = hold(t, address, { deadlineMs: 20_000 });
    t.is((await t.throwsAsync<PatchstreamError>(client.describeDataset()))?.code, "INTERNAL");
  }
});
