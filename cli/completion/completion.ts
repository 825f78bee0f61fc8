import { Argument, Command } from "commander";
import { bashScript } from "./bash.js";
import { completedCommands } from "./completed.js";
import { fishScript } from "./fish.js";
import { zshScript } from "./zsh.js";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
const SHELLS = Object.keys(SCRIPTS) as (keyof typeof SCRIPTS)[];

/** `patchstream completion`: it needs to know the whole program. */
export function completionCommand(): Command {
  return new Command("completion")
    .description("Print a script with which a shell completes commands, options and their values.")
    .addArgument(new Argument("<shell>", "the shell").choices(SHELLS))
    .addHelpText(
      "after",
      `
Examples:
  $ source <(patchstream completion bash)      in ~/.bashrc, or for zsh in ~/.zshrc
  $ patchstream completion fish > ~/.config/fish/completions/patchstream.fish`,
    )
    .action((shell: keyof typeof SCRIPTS, _: unknown, command: Command) => {
      if (command.parent) process.stdout.write(SCRIPTS[shell](completedCommands(command.parent)));
    });
}
