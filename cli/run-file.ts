import { readFile } from "node:fs/promises";
import { PatchstreamError } from "../plan/index.js";

/** The JSON document in a run spec's file. Throws INPUT_DAMAGED naming the file. */
export async function readRunFile(file: string): Promise<unknown> {
  const refuse = (reason: string, cause: unknown) =>
    new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want: "a run spec in JSON" }, undefined, { cause });
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw refuse(error.code === "ENOENT" ? "there is no such file" : error.message, error);
  });
  try {
    return JSON.parse(text);
  } catch (error) {
    throw refuse(error instanceof Error ? error.message : String(error), error);
  }
}
