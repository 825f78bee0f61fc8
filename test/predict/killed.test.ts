import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test from "ava";
import { patchstream } from "../cli/command.js";
import { type GoldenCase, goldenCases, temporaryFolder, writeImages, writeModel } from "./golden-cases.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

test("killed in the middle of its images and run again, it ends with the same files", async (t) => {
  const golden = goldenCases[2] as GoldenCase;
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), golden);
  const images = join(folder, "images");
  for (const id of ["a", "b", "c", "d", "e"]) writeImages(images, golden, id);
  const [whole, broken] = [join(folder, "whole"), join(folder, "broken")];
  const flags = (out: string) => ["predict", model, images, "--out", out, "--threads", "1", "--engine", "onnx"];
  t.is((await patchstream(...flags(whole))).code, 0);

  const child = spawn(process.execPath, [MAIN, ...flags(broken)], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  for await (const line of createInterface(child.stderr)) if (line.startsWith("b: ")) child.kill("SIGKILL");
  await ended;
  const files = (of: string) => readdirSync(of).filter((name) => !name.startsWith("."));
  const after = files(broken);
  t.true(after.includes("b.nii.gz") && !after.includes("e.nii.gz"), after.join());

  const again = await patchstream(...flags(broken));
  t.is(again.code, 0);
  t.regex(again.stdout, /labelled in .*, [2-4] kept\n$/);
  t.deepEqual(files(broken), files(whole));
  for (const file of files(whole)) t.deepEqual(readFileSync(join(broken, file)), readFileSync(join(whole, file)), file);
});
