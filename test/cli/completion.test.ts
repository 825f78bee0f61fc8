import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { MODES } from "../../plan/index.js";
import { patchstream, patchstreamHere } from "./command.js";

const run = promisify(execFile);

/** How each shell is asked what it completes the last of the words to. */
const ASK = {
  bash: (script: string, words: readonly string[]) => [
    ...[
      "--norc",
      "-c",
      `source '${script}'; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _patchstream; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    ...["bash", ...words],
  ],
  fish: (script: string, words: readonly string[]) => [
    ...["--no-config", "-c", `source '${script}'; complete -C '${words.join(" ")}'`],
  ],
} as const;

for (const shell of ["bash", "fish"] as const) {
  const isHere = spawnSync(shell, ["--version"]).status === 0;
  (isHere ? test : test.skip)(`${shell} completes commands, options and the values of an option`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "patchstream-completion-"));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const script = join(folder, shell);
    const { stdout, code } = await patchstreamHere("completion", shell);
    t.is(code, 0);
    writeFileSync(script, stdout);
    const completed = async (...words: string[]) => {
      const answer = await run(shell, ASK[shell](script, ["patchstream", ...words]));
      const lines = answer.stdout.split("\n").filter((line) => line !== "");
      return lines.map((line) => line.split("\t")[0] ?? "").sort();
    };
    t.deepEqual(await completed("pl"), ["plan"]);
    t.deepEqual(await completed("plan", "--mode", ""), [...MODES].sort());
    t.deepEqual(await completed("get", "--st"), ["--stage", "--step", "--store"]);
    t.deepEqual(await completed("inspect", "--st"), [], "an option of another command");
  });
}

test("zsh's script is one that zsh can read", async (t) => {
  const { stdout, code } = await patchstream("completion", "zsh");
  t.is(code, 0);
  t.regex(stdout, /^#compdef patchstream\n/);
  const read = spawnSync("zsh", ["-n"], { input: stdout, encoding: "utf8" });
  if (read.error === undefined) t.is(read.stderr, "");
});

test("a shell that is not known is refused with those that are", async (t) => {
  const { stderr, code } = await patchstreamHere("completion", "tcsh");
  t.is(code, 2);
  t.regex(stderr, /'tcsh'.*bash, zsh, fish/);
});
