#!/usr/bin/env node
import { whyNotWritten } from "../disk/index.js";
import { PatchstreamError } from "../plan/index.js";
import { reportFailure } from "./output.js";
import { runProgram } from "./program.js";

const args = process.argv.slice(2);

// A reader that has seen enough (`patchstream get ... | head`) is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") {
    const facts = { code: "WRITE_FAILED", file: "standard output", reason: whyNotWritten(error) } as const;
    reportFailure(new PatchstreamError(facts), args.includes("--debug"));
  }
  process.exit();
});

await runProgram(args);
