import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type ErrorFacts, PatchstreamError } from "../plan/index.js";

/** A server command in its own process. Disposing it ends the process and waits for its exit; it also ends when we do. */
export interface ChildServer extends AsyncDisposable {
  /** host:port, as the server printed it. */
  readonly address: string;
  /** host:port of its metrics; empty where it serves none. */
  readonly metrics: string;
  /** Rejects when the process ends by itself; never resolves. */
  readonly lost: Promise<never>;
}

/** The file that is `patchstream`. */
export const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));

const OURS = ["--json", "--log-level", "silent", "--until-stdin-closes"];

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** The last line that `child` wrote to stderr. */
function lastWords(child: ChildProcess): () => string | undefined {
  let last: string | undefined;
  if (child.stderr) createInterface(child.stderr).on("line", (line) => (last = line));
  return () => last;
}

/** Runs `patchstream ARGS --json` until it prints its address. Throws UNAVAILABLE when it ends instead. */
export async function startServer(args: readonly string[]): Promise<ChildServer> {
  const child = spawn(process.execPath, [MAIN, ...args, ...OURS], { stdio: "pipe" });
  const saidLast = lastWords(child);
  const lost = once(child, "close").then(([code, signal]): never => {
    const said = saidLast();
    const reason = `the process ended (${signal ?? `exit code ${code}`})${said === undefined ? "" : `, saying: ${said}`}`;
    const facts = { address: `the ${args[0]} command`, reason };
    throw new PatchstreamError({ code: "UNAVAILABLE", ...facts }, "Run it by itself to see all that it says.");
  });
  lost.catch(() => undefined);
  try {
    const [line] = await Promise.race([once(createInterface(child.stdout), "line"), lost]);
    const told = JSON.parse(line) as { address: string; metrics?: string } | { error: ErrorFacts & { hint?: string } };
    if ("error" in told) throw new PatchstreamError(told.error, told.error.hint);
    return { address: told.address, metrics: told.metrics ?? "", lost, [Symbol.asyncDispose]: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}
