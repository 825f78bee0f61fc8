#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { whyNotWritten } from "../disk/index.js";
import { PatchstreamError } from "../plan/index.js";
import { COMMAND_NAMES, commandNamed } from "./commands.js";
import { reportFailure } from "./output.js";

/** The commands that what was typed needs: the one that is named, else all of them, for the help and for a shell's completion. */
function wantedCommands(named: string | undefined): typeof COMMAND_NAMES {
  if (named === "--version") return [];
  const found = COMMAND_NAMES.find((name) => name === named);
  return found === undefined || found === "completion" ? COMMAND_NAMES : [found];
}

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
  version: string;
};

const program = new Command("patchstream")
  .description("Progressive patch-size curricula for 3D medical segmentation, streamed over gRPC.")
  .version(version)
  .exitOverride()
  .configureHelp({ showGlobalOptions: true });

for (const name of wantedCommands(process.argv[2])) program.addCommand(await commandNamed(name));

// A reader that has seen enough (`patchstream get ... | head`) is not a failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") {
    const facts = { code: "WRITE_FAILED", file: "standard output", reason: whyNotWritten(error) } as const;
    reportFailure(new PatchstreamError(facts), process.argv.includes("--debug"));
  }
  process.exit();
});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else reportFailure(error, process.argv.includes("--debug"));
}
