import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type GoldenCase, goldenCases, temporaryFolder, writeModel } from "../predict/golden-cases.js";
import { datasetJson, golden, writeCases } from "../predict/golden-evaluation.js";
import { hasTerminals, inTerminal, screenAfter, strangeEscapes } from "./in-terminal.js";

const terminalTest = hasTerminals ? test : test.skip;
const COLUMNS = 100;

/** What the terminal shows in the end of a command that counts to `total`. */
async function counted(t: ExecutionContext, total: RegExp, args: readonly string[]): Promise<readonly string[]> {
  const session = inTerminal(COLUMNS, args);
  await session.ended;
  const output = session.output();
  t.regex(output, new RegExp(`\\r0/${total.source} \\[-+\\]`));
  t.deepEqual(strangeEscapes(output), []);
  const screen = screenAfter(output, COLUMNS);
  t.deepEqual(screen.slice(-3), ["exit 0", "settings as before", ""]);
  return screen.slice(0, -3);
}

for (const format of ["safetensors", "onnx", "nnunet"])
  terminalTest(`export to ${format} shows how many megabytes are written, and then its answer alone`, async (t) => {
    const folder = temporaryFolder(t);
    const model = writeModel(join(folder, "run"), goldenCases[0] as GoldenCase);
    const screen = await counted(t, /\d+/, ["export", model, join(folder, "out"), "--to", format]);
    t.is(screen.length, 1);
    t.regex(screen[0] ?? "", /plain-unet after step 1$/);
  });

terminalTest("evaluate shows how many cases are done, and then its table alone", async (t) => {
  const folder = writeCases(t);
  const dataset = join(folder, "dataset.json");
  const [set] = golden.sets;
  writeFileSync(dataset, JSON.stringify(datasetJson(set?.classes ?? [], set?.ignore ?? null)));
  const files = [join(folder, "predicted"), join(folder, "reference")];
  const cases = Object.keys(golden.cases).length;
  const screen = await counted(t, new RegExp(`${cases}`), ["evaluate", ...files, "--dataset", dataset]);
  t.regex(screen[0] ?? "", /^class +cases +Dice/);
});
