import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import test from "ava";
import { connect } from "../../client/connect.js";
import { serve } from "../../loader/server/serve.js";
import type { PatchstreamError } from "../../plan/errors.js";
import { RECIPE } from "../../plan/run-spec/resolved-spec.js";
import { fingerprint } from "../conformance/held/held-client.js";
import { ownClient } from "../conformance/held/own-client.js";
import { referenceBatches } from "../conformance/reference-batches.js";
import { oneServer, sampleStore } from "../conformance/served-store.js";
import { RUN_STEPS, SMALL_RUN } from "../conformance/small-run.js";
import { replacedServer, type Start } from "./replaced-server.js";

const ours: Start = async (options) => serve(await sampleStore(), options);
let newer: Start;
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const reference = referenceBatches(test, oneServer(test));

test.before("a build that differs from this one in its recipe's number", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "patchstream-upgrade-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const isLeftOut = /\/dist\/(test|benchmarks)(\/|$)/;
  cpSync(join(ROOT, "dist"), join(folder, "dist"), { recursive: true, filter: (path) => !isLeftOut.test(path) });
  cpSync(join(ROOT, "proto"), join(folder, "proto"), { recursive: true });
  cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  const file = join(folder, "dist", "plan", "run-spec", "resolved-spec.js");
  const before = readFileSync(file, "utf8");
  const after = before.replace(`RECIPE = ${RECIPE};`, `RECIPE = ${RECIPE + 1};`);
  t.not(after, before);
  writeFileSync(file, after);
  const other = await import(pathToFileURL(join(folder, "dist", "loader", "server", "serve.js")).href);
  newer = async (options) => other.serve(await sampleStore(), options);
});

test("two replicas are upgraded to another recipe and back, one after the other: nothing is lost, nothing mixed", async (t) => {
  t.timeout(240_000);
  const [first, second] = [await replacedServer(t, ours), await replacedServer(t, ours)];
  const addresses = [first.address, second.address];
  const client = ownClient(addresses, { deadlineMs: 120_000, carrier: "auto" });
  t.teardown(() => client[Symbol.asyncDispose]());
  const changes: Readonly<Record<number, () => Promise<void>>> = {
    3: () => first.become(newer),
    7: () => first.become(ours),
    9: () => second.become(newer), // now the first one alone serves the run: it must be asked again
    19: () => first.become(ours),
  };
  let delivered = 0;
  const run = await client.openRun(SMALL_RUN, { creditBatches: 2 });
  for await (const batch of run.batches()) {
    t.is(batch.step, delivered++);
    t.is(fingerprint(batch), await reference(batch.step, batch.stage));
    await changes[batch.step]?.();
    // Now nobody serves the run, until the second one is back while the next steps are waited for.
    if (batch.step === 13) void first.become(newer).then(() => second.become(ours));
  }
  t.is(delivered, RUN_STEPS);
});

test("a run is opened of one recipe where replicas speak two, and a replica of the other one is told by name", async (t) => {
  t.timeout(120_000);
  const [first, second] = [await replacedServer(t, ours), await replacedServer(t, newer)];
  const both = connect([first.address, second.address]);
  t.teardown(() => both[Symbol.asyncDispose]());
  const run = await both.openRun(SMALL_RUN);
  let delivered = 0;
  for await (const { step } of run.batches({ to: 8 })) t.is(step, delivered++);
  t.is(delivered, 8);
  const other = connect(run.info.spec.recipe === RECIPE ? second.address : first.address);
  t.teardown(() => other[Symbol.asyncDispose]());
  const error = await t.throwsAsync<PatchstreamError>(other.openRun(run.info.specBytes));
  t.is(error?.code, "RECIPE_UNKNOWN");
  t.regex(error?.message ?? "", /the run was made with recipe \d; this server speaks recipe \d/);
});
