import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ExecutionContext } from "ava";
import { toldAddress } from "../told-address.js";
import { SERVER_TLS } from "./carrier.js";
import { sampleStore } from "./served-store.js";

/** The command of this build. */
export const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** `patchstream serve` as a process of its own. */
export interface ServerProcess {
  readonly address: string;
  /** host:port of the metrics, with `--metrics-port`. */
  readonly metrics: string | undefined;
  readonly process: ChildProcess;
  /** Sends a signal and waits for the end; the exit code, or the signal's name. */
  end(signal: NodeJS.Signals): Promise<number | string>;
}

export async function spawnServer(t: ExecutionContext, ...flags: string[]): Promise<ServerProcess> {
  return spawnServerOf(t, await sampleStore(), ...flags);
}

/** The same for a store of the test's own. */
export async function spawnServerOf(t: ExecutionContext, store: string, ...flags: string[]): Promise<ServerProcess> {
  return spawnBuild(t, MAIN, store, ...flags);
}

/** The same by the command of another build. */
export async function spawnBuild(
  t: ExecutionContext,
  main: string,
  store: string,
  ...flags: string[]
): Promise<ServerProcess> {
  const budgets = ["--workers", "1", "--volume-budget", "64MiB", "--slot-budget", "32MiB"];
  const { tls } = SERVER_TLS;
  const tlsFlags = tls === undefined ? [] : ["--tls-cert", tls.cert, "--tls-key", tls.key];
  const args = [main, "serve", store, "--json", "--log-level", "silent", ...budgets, ...tlsFlags, ...flags];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  t.teardown(() => child.kill("SIGKILL"));
  const { address, metrics } = await toldAddress(child, () => "its standard error is above");
  return {
    address,
    metrics,
    process: child,
    async end(signal) {
      child.kill(signal);
      const [code, by] = (await exited) as [number | null, string | null];
      return code ?? by ?? "";
    },
  };
}
