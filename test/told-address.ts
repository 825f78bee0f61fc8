import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** Where a service says with `--json` that it listens. */
export interface ToldAddress {
  readonly address: string;
  readonly lane?: string;
  readonly metrics?: string;
}

/** The first line of a service's standard output. Throws with `said()` where the service ends instead, or says why it does not begin. */
export async function toldAddress(
  child: ChildProcess & { readonly stdout: Readable },
  said: () => string,
): Promise<ToldAddress> {
  const endedEarly = once(child, "close").then(([code, signal]) =>
    Promise.reject(new Error(`the service ended with ${code ?? signal}: ${said()}`)),
  );
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), endedEarly]);
  const told = JSON.parse(line) as ToldAddress | { error: unknown };
  return "address" in told ? told : await endedEarly;
}
