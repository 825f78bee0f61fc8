import { PatchstreamError } from "../plan/index.js";

/** Options every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly debug?: boolean;
}

/** The answer: one JSON document, or one per line where results stream. Nothing else goes to stdout under `--json`. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** Reports a failure on stderr and sets the exit code: 1 with one readable line and a hint; the stack only with `--debug`. */
export function reportFailure(error: unknown, debug: boolean): void {
  process.exitCode = 1;
  if (debug && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  else if (error instanceof PatchstreamError) process.stderr.write(`patchstream: ${error.message}\n`);
  else process.stderr.write(`patchstream: ${error instanceof Error ? error.message : String(error)}\n`);
}
