import { PatchstreamError, printable } from "../plan/index.js";

/** Options every command takes. */
export interface CommonOptions {
  readonly json?: boolean;
  /** See `isQuiet`. */
  readonly quiet?: boolean;
  readonly debug?: boolean;
}

/** The answer: one JSON document, or one per line where results stream. Nothing else goes to stdout under `--json`. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

/** A line of the answer on stdout, for a person. */
export function printLine(line: string): void {
  process.stdout.write(`${printable(line)}\n`);
}

/** A line on stderr, for a person. */
export function note(line: string): void {
  process.stderr.write(`${printable(line)}\n`);
}

/** Reports a failure on stderr and sets the exit code: 1 with one readable line and a hint; the stack only with `--debug`, and where its code is explained. */
export function reportFailure(error: unknown, debug: boolean): void {
  process.exitCode = 1;
  if (debug && error instanceof Error) {
    process.stderr.write(`${error.stack}\n`);
    if (error instanceof PatchstreamError) note(`see docs/reference/errors.md#${error.code.toLowerCase()}`);
  } else if (error instanceof PatchstreamError) note(`patchstream: ${error.advice}`);
  else note(`patchstream: ${error instanceof Error ? error.message : String(error)}`);
}
