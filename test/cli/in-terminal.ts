import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** Whether commands can be run in a terminal here: util-linux's `script` makes one. */
export const hasTerminals = process.platform === "linux";

/** A command that runs in a terminal of its own. */
export interface TerminalSession {
  /** All that the terminal was sent until now. */
  output(): string;
  /** Resolves as soon as `text` is in the output. Rejects where the session ends without it. */
  shown(text: string | RegExp): Promise<void>;
  /** As keys that are pressed. */
  press(keys: string): void;
  /** Resolves when the session is over. */
  readonly ended: Promise<void>;
}

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/**
 * `patchstream ARGS` in a terminal of `columns`. When it has ended, the terminal shows its exit code as "exit N", and "settings as before" where the
 * terminal's settings are.
 */
export function inTerminal(
  columns: number,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): TerminalSession {
  const command = [process.execPath, MAIN, ...args].map(quoted).join(" ");
  const check = 'if [ "$before" = "$(stty -g)" ]; then echo settings as before; fi';
  const script = `trap : INT; stty cols ${columns} rows 24; before=$(stty -g); ${command}; echo exit $?; ${check}`;
  const child = spawn("script", ["-qec", script, "/dev/null"], {
    env: { ...process.env, TERM: "xterm", SHELL: "/bin/sh", ...environment },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let output = "";
  let looked: () => void = () => undefined;
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    looked();
  });
  const ended = once(child, "close").then(() => looked());
  return {
    output: () => output,
    shown(text) {
      const isShown = () => (typeof text === "string" ? output.includes(text) : text.test(output));
      return new Promise((resolve, reject) => {
        looked = () => isShown() && resolve();
        looked();
        void ended.then(() => (isShown() ? resolve() : reject(new Error(`never shown: ${text}\n${output}`))));
      });
    },
    press: (keys) => void child.stdin.write(keys),
    ended,
  };
}

const ESCAPE = "\u001b";
const CLEAR_TO_END = `${ESCAPE}[K`;
/** Stands for `CLEAR_TO_END`, as one character. */
const CLEARED = "\u0000";

/** What a terminal is told besides text, line ends and to clear the rest of a line: colours, modes, places of the cursor. */
export function strangeEscapes(output: string): string[] {
  return output
    .replaceAll(CLEAR_TO_END, "")
    .split(ESCAPE)
    .slice(1)
    .map((after) => after.slice(0, 8));
}

/** The lines that a terminal of `columns` shows after `output`, all that scrolled away included. Throws for an escape sequence that it does not know. */
export function screenAfter(output: string, columns: number): string[] {
  const lines = [""];
  let at = 0;
  const row = () => lines.length - 1;
  for (const part of output.replaceAll(CLEAR_TO_END, CLEARED)) {
    const line = lines[row()] ?? "";
    if (part === "\r") at = 0;
    else if (part === "\n") lines.push("".padEnd(at));
    else if (part === CLEARED) lines[row()] = line.slice(0, at);
    else if (part === ESCAPE) throw new RangeError(`unknown to this terminal: ${strangeEscapes(output)}`);
    else {
      if (at === columns) {
        lines.push("");
        at = 0;
      }
      const before = (lines[row()] ?? "").padEnd(at);
      lines[row()] = before.slice(0, at) + part + before.slice(at + 1);
      at++;
    }
  }
  return lines.map((line) => line.trimEnd());
}
