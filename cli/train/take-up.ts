import { existsSync } from "node:fs";
import { readNamedFile, replaceFile } from "../../disk/index.js";
import { PatchstreamError } from "../../plan/index.js";
import type { TrainerClient } from "../../trainer/index.js";

/** Ended before it was done: it goes on from its last checkpoint. */
const RESUMABLE: readonly string[] = ["stopped", "interrupted", "failed"];

/**
 * Starts a training and writes its name into `file`, or goes on with the one that `file` names. Resolves to its name. Throws NOT_FOUND where the trainer
 * does not have that one, and what it has against the call.
 */
export async function takeUp(
  trainer: TrainerClient,
  file: string,
  { run, data }: { readonly run: Uint8Array; readonly data: readonly string[] },
): Promise<string> {
  const name = existsSync(file) ? readNamedFile(file, "a file with a training's name (--go-on)").toString().trim() : "";
  if (name === "") {
    const training = await trainer.start(run, data);
    replaceFile(file, `${training}\n`);
    return training;
  }
  const known = (await trainer.list()).find(({ id }) => id === name);
  if (known === undefined) {
    const hint = `${file} names it; remove that file to start another one.`;
    throw new PatchstreamError({ code: "NOT_FOUND", what: "training", name, known: [] }, hint);
  }
  if (RESUMABLE.includes(known.state)) await trainer.resume(name, { data });
  return name;
}
