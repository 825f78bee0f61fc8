import { createInterface } from "node:readline/promises";

/** One question with its possible answers, the usual one first. */
export interface Question<Answer extends string> {
  readonly asks: string;
  readonly answers: readonly { readonly answer: Answer; readonly about: string }[];
}

/**
 * Asks a person on the terminal, and again until one of the answers is given; nothing typed is the usual one. Throws where the terminal is closed
 * before.
 */
export async function ask<Answer extends string>({ asks, answers }: Question<Answer>): Promise<Answer> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const closed = new AbortController();
  terminal.once("close", () => closed.abort());
  try {
    process.stderr.write(
      `${asks}\n${answers.map(({ answer, about }) => `  ${answer.padEnd(14)} ${about}\n`).join("")}`,
    );
    for (;;) {
      const typed = (await terminal.question(`[${answers[0]?.answer}] `, { signal: closed.signal })).trim();
      const found = typed === "" ? answers[0] : answers.find(({ answer }) => answer === typed);
      if (found !== undefined) return found.answer;
      process.stderr.write(`It is one of ${answers.map(({ answer }) => answer).join(", ")}.\n`);
    }
  } catch (error) {
    if (closed.signal.aborted) throw new Error("nothing was written, since the questions were not answered");
    throw error;
  } finally {
    terminal.close();
  }
}
