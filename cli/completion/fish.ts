import type { CompletedCommand } from "./completed.js";

/** Completion for fish: as for bash, with what each command and option does. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap(({ name, description, options }) => [
    `complete -c patchstream -n __fish_use_subcommand -f -a ${name} -d ${quoted(description)}`,
    ...options.map(({ name: option, description: does, takesValue, choices }) => {
      const value = choices.length > 0 ? ` -x -a ${quoted(choices.join(" "))}` : takesValue ? " -r" : "";
      return `complete -c patchstream -n '__fish_seen_subcommand_from ${name}' -l ${option.slice(2)}${value} -d ${quoted(does)}`;
    }),
  ]);
  return `# patchstream completion for fish\n${lines.join("\n")}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
