import { readFileSync } from "node:fs";
import { Command, CommanderError } from "commander";
import { COMMAND_NAMES, commandNamed } from "./commands.js";
import { reportFailure } from "./output.js";

/** The commands that what was typed needs: the one that is named, else all of them, for the help and for a shell's completion. */
function wantedCommands(named: string | undefined): typeof COMMAND_NAMES {
  if (named === "--version") return [];
  const found = COMMAND_NAMES.find((name) => name === named);
  return found === undefined || found === "completion" ? COMMAND_NAMES : [found];
}

/**
 * Runs `patchstream ARGS` in this process, one at a time: what it answers is written to stdout, all else to stderr, and `process.exitCode` is set where it
 * is not 0: 1 for a failure, 2 for wrong use.
 */
export async function runProgram(args: readonly string[]): Promise<void> {
  const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
    version: string;
  };
  const program = new Command("patchstream")
    .description("Progressive patch-size curricula for 3D medical segmentation, streamed over gRPC.")
    .version(version)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true });
  for (const name of wantedCommands(args[0])) program.addCommand(await commandNamed(name));
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) reportFailure(error, args.includes("--debug"));
    else if (error.exitCode !== 0) process.exitCode = 2;
  }
}
