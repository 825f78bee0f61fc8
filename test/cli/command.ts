import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { runProgram } from "../../cli/program.js";

/** The command. */
export const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** How a command ended, and what it printed. */
export interface Outcome {
  /** Exit code, or the signal that ended it. */
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `patchstream ARGS` in a process of its own. */
export function patchstream(...args: string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { timeout: 120_000 }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode ?? child.signalCode ?? "unknown", stdout, stderr });
    });
  });
}

let last: Promise<unknown> = Promise.resolve();

/**
 * As `patchstream`, in the test's own process, which saves the start of another; of several at once each waits for the one before. For what a command
 * answers; how its process begins and ends is seen with `patchstream` alone, which a command has at least one test of.
 */
export function patchstreamHere(...args: string[]): Promise<Outcome> {
  const outcome = last.then(() => caught(args));
  last = outcome.catch(() => undefined);
  return outcome;
}

/** Runs the program with all that this process writes kept. */
async function caught(args: readonly string[]): Promise<Outcome> {
  const streams = ["stdout", "stderr"] as const;
  const { exitCode } = process;
  const told = { stdout: "", stderr: "" };
  const writes = streams.map((name) => process[name].write);
  for (const name of streams)
    process[name].write = (text: string | Uint8Array) => {
      told[name] += typeof text === "string" ? text : Buffer.from(text).toString();
      return true;
    };
  process.exitCode = 0;
  try {
    await runProgram(args);
    return { code: process.exitCode, ...told };
  } finally {
    process.exitCode = exitCode;
    for (const [at, name] of streams.entries()) process[name].write = writes[at] as typeof process.stdout.write;
  }
}
