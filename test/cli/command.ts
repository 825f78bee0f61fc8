import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";

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
