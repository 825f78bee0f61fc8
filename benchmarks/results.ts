import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const results = fileURLToPath(new URL("../../benchmarks/RESULTS.md", import.meta.url));

/** Puts `content` between the markers of section `name` of RESULTS.md. */
export async function writeResults(name: string, content: string): Promise<void> {
  const text = await readFile(results, "utf8");
  const begin = `<!-- ${name} begin -->`;
  const end = `<!-- ${name} end -->`;
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`${results} lacks the markers of ${name}`);
  await writeFile(results, `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`);
}
