import test from "ava";
import { patchstreamHere } from "./command.js";

const COMMANDS = [
  ...["plan", "ingest", "inspect", "get", "preview", "stats", "doctor", "size", "serve", "trainer", "train", "stage"],
  ...["trainings", "curves", "demo"],
];

/** These mean one thing in one command and another in the next. */
const TWO_MEANINGS = ["--tls-ca", "--tls-cert", "--token-file", "--plans", "--out", "--workers", "--store"];

/** Options of a command and their words, each in one line. */
async function optionsOf(command: string): Promise<Map<string, string>> {
  const { stdout } = await patchstreamHere(command, "--help");
  const [, listed = ""] = /\nOptions:\n([\s\S]*?)(?:\n\n|$)/.exec(stdout) ?? [];
  const options = listed.replaceAll(/\n {6,}/g, " ").split("\n");
  return new Map(
    options.map((line) => {
      const [, name = "", words = ""] = /^ +(?:-\w, )?(--[\w-]+(?: <.*?>)?) +(.*)$/.exec(line) ?? [];
      return [name, words.replaceAll(/ +/g, " ")];
    }),
  );
}

test("an option says the same in every command, prints one default, and says what each choice does", async (t) => {
  const known = new Map<string, string>();
  for (const command of COMMANDS) {
    const options = await optionsOf(command);
    t.true(options.size > 0, command);
    for (const [name, words] of options) {
      const [flag = ""] = name.split(" ");
      t.not(words, "", `${command} ${name}`);
      t.true(words.split("default").length <= 2, `${command} ${name}: ${words}`);
      const [, listed = ""] = /choices: (.*?)(?:, default|\)$)/.exec(words) ?? [];
      for (const choice of listed.match(/"[^"]+"/g) ?? [])
        if (flag !== "--log-level" && flag !== "--engine")
          t.true(words.split(choice).length >= 3, `${command} ${flag} does not say what ${choice} does`);
      if (TWO_MEANINGS.includes(flag)) continue;
      t.is(known.get(name) ?? words, words, `${command} ${name}`);
      known.set(name, words);
    }
  }
});
