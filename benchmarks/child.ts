import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** A server process that prints `{"address": ...}` once it is ready; disposing it ends it. */
export interface ServerProcess extends AsyncDisposable {
  readonly address: string;
  /** host:port of a data server's metrics, with `--metrics-port`. */
  readonly metrics: string | undefined;
  readonly process: ChildProcess;
}

/** A command as it is, or on one processor only. Linux. */
function onProcessor(processor: number | undefined, command: [string, ...string[]]): [string, ...string[]] {
  return processor === undefined ? command : ["taskset", "--cpu-list", String(processor), ...command];
}

/** Starts `node script ...args`, on one `processor` where given, with variables added to the environment, and waits for its address. */
export async function startServer(
  script: string,
  args: readonly string[] = [],
  { processor, environment = {} }: { readonly processor?: number; readonly environment?: object } = {},
): Promise<ServerProcess> {
  const [program, ...rest] = onProcessor(processor, [process.execPath, script, ...args]);
  const env = { ...process.env, ...environment };
  const child = spawn(program, rest, { env, stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout });
  const endedEarly = once(child, "exit").then(([code]) =>
    Promise.reject(new Error(`${script} ended with ${code} before it was ready`)),
  );
  const [line] = (await Promise.race([once(lines, "line"), endedEarly])) as [string];
  const told = JSON.parse(line) as { address: string; metrics?: string } | { error: unknown };
  const { address, metrics } = "address" in told ? told : await endedEarly;
  return {
    address,
    metrics,
    process: child,
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}
