import { type CompletedCommand, choiceCases } from "./completed.js";

/** Completion for zsh: as for bash, with what each command and option does. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef patchstream
# patchstream completion for zsh
_patchstream() {
  local -a known
  if (( CURRENT == 2 )); then
    known=(${described(commands)})
    _describe command known
    return
  fi
  case "$words[2] $words[CURRENT-1]" in
${choiceCases(commands, (choices) => `compadd -- ${choices.join(" ")}`)}
  esac
  if [[ $words[CURRENT] != -* ]]; then
    _files
    return
  fi
  case "$words[2]" in
${commands.map(({ name, options }) => `    ${name}) known=(${described(options)}) ;;`).join("\n")}
  esac
  _describe -o option known
}
if [ "$funcstack[1]" = _patchstream ]; then _patchstream "$@"; else compdef _patchstream patchstream; fi
`;
}

/** Names with descriptions, as `_describe` takes them. */
function described(things: readonly { readonly name: string; readonly description: string }[]): string {
  return things.map(({ name, description }) => quoted(`${name}:${description.replaceAll(":", "\\:")}`)).join(" ");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
