import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { CommanderError } from "commander";
import { COMMAND_NAMES, commandNamed } from "../../cli/commands.js";
import { codeBlocks, documents, root } from "./documents.js";

/** Commands of the Python package alone. */
const PYTHON_ONLY = ["import-nnunet"];

/** The words of a shell's command, without the comment behind it: quotes are taken off, variables and placeholders stay as they are. */
function words(line: string): string[] {
  const [command = ""] = line.split(/ +[#&|>]| *[;`]/);
  return [...command.matchAll(/"([^"]*)"|'([^']*)'|([^\s"']+)/g)].map((found) => found.slice(1).find(Boolean) ?? "");
}

interface Typed {
  readonly words: readonly string[];
  /** It stands within a sentence, where the value of its last option may be left out. */
  readonly isNamed: boolean;
}

function typed(line: string, isNamed: boolean): Typed[] {
  const [, command] = /^(?:\$ )?(?:\w+=\S+ +)*(?:npx )?patchstream (?=[a-z])(.*)$/.exec(line.trim()) ?? [];
  return command === undefined ? [] : [{ words: words(command), isNamed }];
}

/** What stands behind `patchstream` in the code of a page, in blocks and in sentences. */
function commandsOn(page: string): Typed[] {
  const blocks = codeBlocks(page).flatMap(({ language, code }) => {
    const lines = code.replaceAll(/\\\n\s*/g, " ").split("\n");
    // Where a terminal is shown, the other lines are what it answers.
    return /^(bash|sh)$/.test(language) ? lines : lines.filter((line) => line.startsWith("$ "));
  });
  const prose = readFileSync(join(root, page), "utf8").replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
  const named = [...prose.matchAll(/`((?:npx )?patchstream [^`]+)`/g)].map(([, code = ""]) => code);
  return [...blocks.flatMap((line) => typed(line, false)), ...named.flatMap((line) => typed(line, true))];
}

/** A page may leave a number or an address to the reader. */
function filledIn(word: string): string {
  if (word === "ADDRESS") return "localhost:7071";
  return /^[A-Z]+$/.test(word) ? "1" : word;
}

/** What the command line has against it; undefined where nothing. */
async function problemOf({ words: [name, ...given], isNamed }: Typed): Promise<string | undefined> {
  const known = COMMAND_NAMES.find((one) => one === name);
  if (known === undefined) return "no such command";
  const command = (await commandNamed(known)).configureOutput({ writeErr: () => undefined });
  try {
    const { operands, unknown } = command.parseOptions(given.map(filledIn));
    if (unknown.length > 0) return `unknown: ${unknown.join(" ")}`;
    const taken = command.registeredArguments;
    const isTooMany = operands.length > taken.length && !taken.some(({ variadic }) => variadic);
    return isTooMany ? `arguments: ${operands.join(" ")}` : undefined;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return isNamed && error.code === "commander.optionMissingArgument" ? undefined : error.message;
  }
}

test("every command that a page shows is there, with its options and no argument too many", async (t) => {
  const problems: string[] = [];
  let seen = 0;
  for (const page of documents())
    for (const command of commandsOn(page)) {
      if (PYTHON_ONLY.includes(command.words[0] ?? "")) continue;
      const problem = await problemOf(command);
      if (problem !== undefined) problems.push(`${page}: patchstream ${command.words.join(" ")}: ${problem}`);
      seen++;
    }
  t.deepEqual(problems, []);
  t.true(seen > 80, `${seen} commands`);
});

test("every block of shell commands is one that bash reads", (t) => {
  const blocks = documents()
    .flatMap(codeBlocks)
    .filter(({ language }) => language === "bash" || language === "sh");
  t.true(blocks.length > 20);
  for (const { page, code } of blocks) {
    const { status, stderr } = spawnSync("bash", ["-n"], { input: code, encoding: "utf8" });
    t.is(status, 0, `${page}: ${stderr}`);
  }
});

test("every block of JSON is JSON", (t) => {
  for (const { page, language, code } of documents().flatMap(codeBlocks))
    if (language === "json") t.notThrows(() => JSON.parse(code), `${page}:\n${code}`);
});
