import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import sharp from "sharp";
import { openStore } from "../../loader/dataset/open-store.js";
import { serve } from "../../loader/server/serve.js";
import { makeSampleStore } from "../engine/sample-store.js";
import { type Outcome, patchstream, patchstreamHere } from "./command.js";

test("preview writes the picture of a page, of a server or of a store", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "patchstream-preview-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  await using store = await openStore(await makeSampleStore(folder));
  await using server = await serve(store, { workers: 1 });
  const spec = join(folder, "run.json");
  const plan = { patchSize: [40, 56, 32], batchSize: 3, pooling: [3, 3, 3] };
  await writeFile(spec, JSON.stringify({ data: { dataset: "Task04_Hippocampus", split: { fold: "all" }, plan } }));

  const out = join(folder, "pictures", "step.png");
  const draw = async (run: (...args: string[]) => Promise<Outcome>, ...from: string[]) => {
    const { stdout } = await run("preview", ...from, "--run", spec, "--step", "3", "--out", out, "--json");
    t.like(JSON.parse(stdout), { step: 3, page: 1, pages: 1, firstSample: 0, samples: 3, file: out });
    return readFile(out);
  };
  const served = await draw(patchstream, "--data", server.address);
  t.deepEqual(await readdir(join(folder, "pictures")), ["step.png"]);
  const { data, info } = await sharp(served).raw().toBuffer({ resolveWithObject: true });
  t.is(info.channels, 3);
  let coloured = 0;
  for (let i = 0; i < data.length; i += 3) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) coloured++;
  t.true(coloured > 0, "some voxel has a label");
  t.is(Buffer.compare(await draw(patchstreamHere, "--store", store.path), served), 0);
});
