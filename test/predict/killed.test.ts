import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import test from "ava";
import { patchstream, patchstreamHere } from "../cli/command.js";
import { type GoldenCase, goldenCases, temporaryFolder, writeImages, writeModel } from "./golden-cases.js";

const MAIN = fileURLToPath(new URL("../../cli/main.js", import.meta.url));

/** Ten names in order. */
const IDS = [..."abcdefghij"];

test("killed in the middle of ten images and run again, it ends with the same files and nothing half-written", async (t) => {
  const golden = goldenCases[2] as GoldenCase;
  const folder = temporaryFolder(t);
  const model = writeModel(join(folder, "run"), golden);
  const images = join(folder, "images");
  for (const id of IDS) writeImages(images, golden, id);
  const [whole, broken] = [join(folder, "whole"), join(folder, "broken")];
  const flags = (out: string) => ["predict", model, images, "--out", out, "--threads", "1", "--engine", "onnx"];
  t.is((await patchstreamHere(...flags(whole))).code, 0);

  const child = spawn(process.execPath, [MAIN, ...flags(broken)], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "exit");
  for await (const line of createInterface(child.stderr)) if (line.startsWith("c: ")) child.kill("SIGKILL");
  await ended;
  const after = readdirSync(broken);
  t.true(after.includes("c.nii.gz") && !after.includes("j.nii.gz"), after.join());
  // What it would have left had it been in the middle of a file, and what is not its own.
  const living = `.unfinished-${process.pid}-j.nii.gz`;
  const unfinished = ["j.nii.gz", "j.npz", "labels.json", "notes.txt"].map(
    (name) => `.unfinished-${child.pid}-${name}`,
  );
  for (const name of [living, ...unfinished]) writeFileSync(join(broken, name), "half");

  const again = await patchstream(...flags(broken));
  t.is(again.code, 0);
  t.regex(again.stdout, /labelled in .*, [3-9] kept\n$/);
  const kept = [living, `.unfinished-${child.pid}-notes.txt`];
  t.deepEqual(readdirSync(broken).sort(), [...readdirSync(whole), ...kept].sort());
  for (const file of readdirSync(whole))
    t.deepEqual(readFileSync(join(broken, file)), readFileSync(join(whole, file)), file);
});
