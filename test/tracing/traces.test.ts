import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SpanKind } from "@opentelemetry/api";
import test, { type ExecutionContext } from "ava";
import { MAIN } from "../cli/command.js";
import { sampleStore } from "../conformance/served-store.js";
import { SMALL_RUN } from "../conformance/small-run.js";
import { type ToldAddress, toldAddress } from "../told-address.js";
import { temporaryFolder, tinyRun } from "../trainer/processes.js";

const SDK = fileURLToPath(new URL("../../../test/tracing/write-spans.mjs", import.meta.url));
const NOTE_LOADS = new URL("../../../test/tracing/note-loads.mjs", import.meta.url).href;
const CASES = [...SMALL_RUN.split.train, ...SMALL_RUN.split.val];

interface WrittenSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly traceId: string;
  readonly spanId: string;
  readonly parent: string | null;
  readonly began: number;
  readonly ended: number;
  readonly process: number;
  readonly thread: number;
}

/** What processes write to: spans where they are traced, and which modules of OpenTelemetry they loaded. */
interface Files {
  readonly spans: string | undefined;
  readonly loads: string;
}

/** A process of the command line, with the SDK where `spans` names a file. */
function run(t: ExecutionContext, { spans, loads }: Files, args: readonly string[]) {
  const flags = spans === undefined ? [] : ["--import", SDK];
  const env = { ...process.env, SPANS: spans ?? "", LOADS: loads, NODE_OPTIONS: `--import=${NOTE_LOADS}` };
  const child = spawn(process.execPath, [...flags, MAIN, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  t.teardown(() => child.kill("SIGKILL"));
  return child;
}

/** A service that has begun, and how it is ended. */
async function service(
  t: ExecutionContext,
  files: Files,
  ...args: string[]
): Promise<ToldAddress & { readonly child: ChildProcess; end(): Promise<unknown> }> {
  const child = run(t, files, [...args, "--json"]);
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const told = await toldAddress(child, () => said);
  const end = () => {
    const closed = once(child, "close");
    child.kill("SIGTERM");
    return closed;
  };
  return { ...told, child, end };
}

/** Trains a short run; checksums of the batches, the spans where it is traced, and whether any process loaded OpenTelemetry. */
async function train(t: ExecutionContext, isTraced: boolean) {
  const folder = temporaryFolder(t);
  const files = { spans: isTraced ? join(folder, "spans.jsonl") : undefined, loads: join(folder, "loads") };
  const data = await service(t, files, "serve", await sampleStore(), "--workers", "1", "--log-level", "error");
  const trainer = await service(
    t,
    files,
    "trainer",
    "--engine",
    "onnx",
    "--runs",
    join(folder, "runs"),
    "--log-level",
    "error",
  );
  const spec = join(folder, "run.json");
  writeFileSync(spec, JSON.stringify(tinyRun(CASES, { data: { epochs: 8, stepsPerEpoch: 2 } })));
  const client = run(t, { ...files, spans: undefined }, [
    "train",
    "--data",
    data.address,
    "--trainer",
    trainer.address,
    "--run",
    spec,
    "--json",
  ]);
  let out = "";
  client.stdout.on("data", (text) => {
    out += text;
  });
  const [code] = await once(client, "close");
  t.is(code, 0, out);
  await trainer.end();
  await data.end();
  const events = out
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const checksums = events.flatMap((event) => (event.kind === "step" ? [event.step.checksum] : []));
  const lines = files.spans === undefined ? [] : readFileSync(files.spans, "utf8").trim().split("\n");
  const spans = lines.map((line) => JSON.parse(line) as WrittenSpan);
  return { checksums, spans, hasLoaded: existsSync(files.loads) };
}

test("the spans of each batch are one trace over client, server and trainer, with the right parents, and hold no name of a case; its bytes are the same", async (t) => {
  t.timeout(600_000); // of a machine that has others to do
  const { checksums, spans, hasLoaded } = await train(t, true);
  const page = readFileSync(new URL("../../../docs/reference/traces.md", import.meta.url), "utf8");
  t.is(checksums.length, 16);
  const roots = spans.filter(({ name }) => name === "patchstream.want");
  t.is(roots.length, checksums.length, "a trace for each batch");
  t.is(new Set(roots.map(({ traceId }) => traceId)).size, roots.length);
  const processes = new Set<number>();
  let fetches = 0;
  for (const root of roots) {
    const own = spans.filter(({ traceId }) => traceId === root.traceId);
    const one = (name: string): WrittenSpan => {
      const found = own.filter((span) => span.name === name);
      t.is(found.length, 1, name);
      return found[0] as WrittenSpan;
    };
    const { "patchstream.step": step, "patchstream.stage": stage } = root.attributes;
    const [serve, queue, cut, carry, taken] = ["serve", "queue", "cut", "carry", "step"].map((name) =>
      one(`patchstream.${name}`),
    ) as [WrittenSpan, WrittenSpan, WrittenSpan, WrittenSpan, WrittenSpan];
    t.is(root.parent, null);
    t.is(root.kind, SpanKind.CLIENT);
    t.is(serve.parent, root.spanId);
    t.is(serve.kind, SpanKind.SERVER);
    for (const part of [queue, cut, carry]) {
      t.is(part.parent, serve.spanId);
      t.true(part.began <= part.ended);
      t.true(serve.began <= part.began && part.ended <= serve.ended, part.name);
    }
    t.true(queue.ended <= cut.began && cut.ended <= carry.began, "one after the other");
    t.is(taken.parent, root.spanId);
    t.true(taken.began >= root.ended - 5, "clocks of two threads of a machine");
    for (const span of [serve, taken])
      t.like(span.attributes, { "patchstream.step": step, "patchstream.stage": stage });
    t.like(root.attributes, { "patchstream.outcome": "received", "patchstream.carrier": "lane" });
    t.is(carry.attributes["patchstream.batch.bytes"], root.attributes["patchstream.batch.bytes"]);
    for (const fetch of own.filter(({ name }) => name === "patchstream.fetch")) {
      fetches++;
      t.is(fetch.parent, cut.spanId);
      t.true(cut.began <= fetch.began && fetch.ended <= cut.ended);
    }
    t.is(root.process, taken.process, "both of the training's process");
    t.not(root.thread, taken.thread, "the sockets have a thread of their own");
    t.not(root.process, serve.process);
    processes.add(serve.process).add(root.process);
    for (const { name, attributes } of own) {
      t.true(page.includes(`| \`${name}\` |`), `${name} is on the page`);
      for (const key of Object.keys(attributes)) t.true(page.includes(`\`${key}\``), `${key} is on the page`);
      t.notRegex(JSON.stringify(attributes), /hippocampus|\/tmp|127\.0\.0\.1/);
    }
  }
  t.is(processes.size, 2);
  t.is(fetches >= CASES.length, true, "each volume was read once");
  t.true(hasLoaded);
  const untraced = await train(t, false);
  t.deepEqual(untraced.checksums, checksums, "bytes without the SDK");
  t.false(untraced.hasLoaded, "nothing of OpenTelemetry without the SDK");
});
