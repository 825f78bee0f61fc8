import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PatchstreamError } from "../plan/index.js";

/** A server command in a process of its own. Disposing it ends the process and waits for its exit. */
export interface ChildServer extends AsyncDisposable {
  /** host:port, as the server printed it. */
  readonly address: string;
  /** Rejects when the process ends by itself; never resolves. */
  readonly lost: Promise<never>;
}

const MAIN = fileURLToPath(new URL("./main.js", import.meta.url));

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGTERM");
  await exited;
}

/** Runs `patchstream ARGS --json` until it prints its address. Its stderr is ours. Throws UNAVAILABLE when it ends instead. */
export async function startServer(args: readonly string[]): Promise<ChildServer> {
  const child = spawn(process.execPath, [MAIN, ...args, "--json"], { stdio: ["ignore", "pipe", "inherit"] });
  const name = `patchstream ${args[0]}`;
  const lost = once(child, "exit").then(([code, signal]): never => {
    const reason = `the process ended (${signal ?? `exit code ${code}`})`;
    throw new PatchstreamError({ code: "UNAVAILABLE", address: name, reason });
  });
  lost.catch(() => undefined);
  try {
    const [line] = await Promise.race([once(createInterface(child.stdout), "line"), lost]);
    const { address } = JSON.parse(line) as { address: string };
    return { address, lost, [Symbol.asyncDispose]: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}
