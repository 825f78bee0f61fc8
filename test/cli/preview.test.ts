import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import test from "ava";
import sharp from "sharp";
import { openStore } from "../../loader/dataset/open-store.js";
import { serve } from "../../loader/server/serve.js";
import { makeSampleStore } from "../engine/sample-store.js";

const main = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

test("preview writes the picture of a page, of a server or of a store", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "patchstream-preview-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await using store = await openStore(await makeSampleStore(folder));
  await using server = await serve(store, { workers: 1 });
  const run = join(folder, "run.json");
  const plan = { patchSize: [40, 56, 32], batchSize: 3, pooling: [3, 3, 3] };
  await writeFile(run, JSON.stringify({ data: { dataset: "Task04_Hippocampus", split: { fold: "all" }, plan } }));

  const out = join(folder, "pictures", "step.png");
  const draw = async (...from: string[]) => {
    const args = [main, "preview", ...from, "--run", run, "--step", "3", "--out", out, "--json"];
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 120_000 });
    t.like(JSON.parse(stdout), { step: 3, page: 1, pages: 1, firstSample: 0, samples: 3, file: out });
    return readFile(out);
  };
  const served = await draw("--data", server.address);
  t.deepEqual(await readdir(join(folder, "pictures")), ["step.png"]);
  const { data, info } = await sharp(served).raw().toBuffer({ resolveWithObject: true });
  t.is(info.channels, 3);
  let coloured = 0;
  for (let i = 0; i < data.length; i += 3) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) coloured++;
  t.true(coloured > 0, "some voxel has a label");
  t.is(Buffer.compare(await draw("--store", store.path), served), 0);
});
