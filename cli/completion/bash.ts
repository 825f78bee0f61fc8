import { type CompletedCommand, choiceCases } from "./completed.js";

/** Completion for bash: commands, options, the choices of an option, and files everywhere else. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  const reply = (words: readonly string[]) => `COMPREPLY=($(compgen -W '${words.join(" ")}' -- "$current"))`;
  return `# patchstream completion for bash
_patchstream() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD - 1]} command=\${COMP_WORDS[1]}
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    ${reply(commands.map(({ name }) => name))}
    return
  fi
  case "$command $previous" in
${choiceCases(commands, reply)}
  esac
  case "$current" in -*) ;; *) return ;; esac
  case "$command" in
${commands.map(({ name, options }) => `    ${name}) ${reply(options.map((option) => option.name))} ;;`).join("\n")}
  esac
}
complete -o bashdefault -o default -F _patchstream patchstream
`;
}
