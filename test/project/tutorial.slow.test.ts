import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { closedPort } from "../closed-port.js";
import { root, sampleFolder } from "./sample-folder.js";

const PAGE = "docs/tutorial/from-your-images-to-a-model-and-back.md";

test("every command of the tutorial runs, in order, on the sample", async (t) => {
  const { folder, env } = sampleFolder(t);
  const page = readFileSync(join(root, PAGE), "utf8");
  const blocks = [...page.matchAll(/```bash\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
  t.true(blocks.length >= 8);
  const script = blocks
    .join("\n")
    .replaceAll("7070", String(await closedPort()))
    .replaceAll("7071", String(await closedPort()))
    // As many stages and epochs, but few steps of a small network: this is about the way, not about the Dice.
    .replace('"stepsPerEpoch": 12', '"stepsPerEpoch": 1')
    .replace('"valSteps": 8', '"valSteps": 1')
    .replace('"baseFeatures": 8', '"baseFeatures": 1');
  const file = join(folder, "tutorial.sh");
  writeFileSync(file, `set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${script}\nwait\n`);
  // -m: job control, which `kill %1` needs, is off in a script.
  const { stdout } = await promisify(execFile)("bash", ["-m", file], { cwd: folder, env, maxBuffer: 2 ** 24 });

  const made = join(folder, "out/road");
  t.regex(stdout, /mean foreground Dice/);
  t.regex(stdout, /^Anterior +4 /m);
  t.is(readdirSync(join(made, "labels")).filter((name) => name.endsWith(".nii.gz")).length, 4);
  t.is(stdout.match(/^Anterior /gm)?.length, 2, "scores of the fold, and of the new images");
  t.is(readdirSync(join(made, "labels-from-trainer")).filter((name) => name.endsWith(".nii.gz")).length, 4);
  for (const name of [
    "labels/summary.json",
    "scores.csv",
    "results/fold_0/checkpoint_final.pth",
    "model.onnx",
    "weights.safetensors",
  ])
    t.true(existsSync(join(made, name)), name);
});
