/**
 * `node dist/benchmarks/how-long-does-the-event-loop-stand/run.js [OTHER_DIST]`: the longest pause of a server's event loop, and what a
 * well-behaved client notices, while another sends the worst requests that we know; for this build and, where given, for the one in
 * OTHER_DIST. Prints the table and writes it to RESULTS.md.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { quantile } from "simple-statistics";
import { ingest } from "../../loader/index.js";
import { openChannel } from "../../rpc/index.js";
import { machine } from "../machine.js";
import { writeResults } from "../results.js";
import { WORST_REQUESTS, type WorstRequest } from "./requests.js";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** What a request does to others. */
interface Effect {
  readonly pauseMs: number;
  readonly p99Ms: number;
  readonly longestMs: number;
  readonly failed: number;
}

async function ask<Answer>(child: ChildProcess): Promise<Answer> {
  const answered = once(child, "message");
  child.send("");
  const [answer] = (await answered) as [Answer];
  return answer;
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** Every request meets a fresh server: what one leaves behind does not count for the next. */
async function effectOf(dist: string, store: string, { send }: WorstRequest): Promise<Effect> {
  const server = fork(join(dist, "cli/main.js"), ["serve", store, "--port", "0", "--workers", "1", "--json"], {
    execArgv: ["--import", here("pause-probe.js")],
    silent: true,
  });
  const [line] = (await once(createInterface({ input: server.stdout as Readable }), "line")) as [string];
  const { address } = JSON.parse(line) as { address: string };
  const client = fork(here("good-client.js"), [address]);
  const channel = openChannel(address);
  try {
    await setTimeout(2_000);
    await ask(server);
    await ask(client);
    await send(channel).catch(() => {});
    const { tookMs, failed } = await ask<{ tookMs: number[]; failed: number }>(client);
    const pauseMs = await ask<number>(server);
    // A call that still waits has no time yet: the next one asked for has.
    await setTimeout(500);
    const late = (await ask<{ tookMs: number[] }>(client)).tookMs;
    const all = [...tookMs, ...late];
    return { pauseMs, p99Ms: quantile(all, 0.99), longestMs: Math.max(...all), failed };
  } finally {
    channel.client.close();
    await Promise.all([end(server), end(client)]);
  }
}

const folder = await mkdtemp(join(tmpdir(), "patchstream-bench-"));
try {
  const store = join(folder, "store");
  await ingest(join(root, "examples/data/Task04_Hippocampus"), store, {});
  const [other] = process.argv.slice(2);
  const rows: string[] = [];
  for (const request of WORST_REQUESTS) {
    const cells: string[] = [request.name];
    for (const dist of [...(other === undefined ? [] : [other]), join(root, "dist")]) {
      const { pauseMs, p99Ms, longestMs, failed } = await effectOf(dist, store, request);
      const fails = failed > 0 ? ` (${failed} failed)` : "";
      cells.push(pauseMs.toFixed(0), `${p99Ms.toFixed(0)} / ${longestMs.toFixed(0)}${fails}`);
    }
    rows.push(`| ${cells.join(" | ")} |`);
    process.stderr.write(`${rows.at(-1)}\n`);
  }
  const about = Object.entries(machine()).map(([name, value]) => `${name} ${value}`);
  const columns = (when: string) => `${when}longest pause, ms | ${when}client's calls, ms: p99 / longest`;
  const report = [
    `\`node dist/benchmarks/how-long-does-the-event-loop-stand/run.js\` (1 worker), load ${loadavg()[0]?.toFixed(1)}: ${about.join("; ")}.`,
    "",
    `| meanwhile another client sends | ${other === undefined ? columns("") : `${columns("before: ")} | ${columns("now: ")}`} |`,
    `|---|${"---|".repeat(other === undefined ? 2 : 4)}`,
    ...rows,
  ].join("\n");
  process.stdout.write(`${report}\n`);
  await writeResults("how-long-does-the-event-loop-stand", report);
} finally {
  await rm(folder, { recursive: true, force: true });
}
