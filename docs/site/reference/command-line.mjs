// Writes the page of all commands: what each says of itself with --help.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../../../dist/cli/main.js", import.meta.url));

function helpOf(...names) {
  const env = { ...process.env, COLUMNS: "110", NO_COLOR: "1" };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...names, "--help"], { encoding: "utf8", env });
  if (status !== 0) throw new Error(stderr);
  return stdout.trimEnd();
}

/** Names of the commands that a help lists. */
function commandsIn(help) {
  const [, listed = ""] = help.split(/^Commands:\n/m);
  return [...listed.matchAll(/^ {2}([a-z][\w-]*)/gm)].map(([, name]) => name).filter((name) => name !== "help");
}

function section(names, help) {
  return `## patchstream ${names.join(" ")}\n\n\`\`\`text\n${help}\n\`\`\`\n`;
}

const commands = commandsIn(helpOf());
if (commands.length === 0) throw new Error("the help lists no command");
const sections = commands.flatMap((name) => {
  const help = helpOf(name);
  return [section([name], help), ...commandsIn(help).map((below) => section([name, below], helpOf(name, below)))];
});

console.log(`# Command line

Written by the commands themselves: \`patchstream COMMAND --help\`. A command exits with 0; with 1 after a failure, which it names in one
line; with 2 where it was used wrongly. With \`--json\` it prints one JSON document, or one a line where results stream, and nothing else, on standard
output.

${sections.join("\n")}`);
