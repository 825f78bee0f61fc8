import { spawn } from "node:child_process";
import { once } from "node:events";
import { performance } from "node:perf_hooks";

/** One command of a road, as it is typed, and how long it took. */
export interface Leg {
  readonly typed: string;
  readonly seconds: number;
}

/** Runs a command to its end; what it prints goes to this process's errors. Throws when it fails. */
export async function leg(
  typed: string,
  [program, ...args]: readonly [string, ...string[]],
  env: Readonly<Record<string, string>> = {},
): Promise<Leg> {
  const began = performance.now();
  const child = spawn(program, args, { stdio: ["ignore", 2, 2], env: { ...process.env, ...env } });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`${typed} ended with ${code}`);
  return { typed, seconds: (performance.now() - began) / 1000 };
}
