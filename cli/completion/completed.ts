import type { Command } from "commander";

/** A command as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  readonly description: string;
  readonly options: readonly CompletedOption[];
}

export interface CompletedOption {
  /** With its dashes: "--mode". */
  readonly name: string;
  readonly description: string;
  readonly takesValue: boolean;
  /** The values it takes; empty where it takes any, such as a file. */
  readonly choices: readonly string[];
}

/** What a program's commands and options are, in the order of its help. */
export function completedCommands(program: Command): CompletedCommand[] {
  return program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: command
      .createHelp()
      .visibleOptions(command)
      .flatMap(({ long, description, required, optional, argChoices }) =>
        long ? [{ name: long, description, takesValue: required || optional, choices: argChoices ?? [] }] : [],
      ),
  }));
}

/** A line of a shell's `case` for each option with choices, by command and option. */
export function choiceCases(
  commands: readonly CompletedCommand[],
  complete: (choices: readonly string[]) => string,
): string {
  const lines = commands.flatMap(({ name, options }) =>
    options
      .filter(({ choices }) => choices.length > 0)
      .map((option) => `    '${name} ${option.name}') ${complete(option.choices)}; return ;;`),
  );
  return lines.join("\n");
}
