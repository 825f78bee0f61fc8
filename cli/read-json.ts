import { readFileSync } from "node:fs";
import { PatchstreamError } from "../plan/index.js";

/** Reads a JSON file of the user's. Throws INPUT_DAMAGED naming the file, what is wrong, and `want`: what it must be. */
export function readJson(file: string, want: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (error) {
    const isMissing = error instanceof Error && "code" in error && error.code === "ENOENT";
    const reason = isMissing ? "there is no such file" : error instanceof Error ? error.message : String(error);
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause: error });
  }
}
