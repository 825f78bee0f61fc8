import { stat } from "node:fs/promises";
import { whyNotRead } from "../../disk/file-faults.js";
import { PatchstreamError } from "../../plan/errors.js";
import { HeaderRefused } from "./nifti/header.js";

const MISSING = ["ENOENT", "ENOTDIR"];
const UNREADABLE = ["EACCES", "EPERM", "EIO", "EISDIR", "ELOOP", "ENAMETOOLONG"];

/** What an error met while reading `file` says of it: INPUT_DAMAGED, or the error itself where it says nothing of the file. */
export function inputDamaged(file: string, error: unknown): unknown {
  const facts = (reason: string, want: string) =>
    new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause: error });
  if (error instanceof HeaderRefused) return facts(error.reason, error.want);
  if (!(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  if (MISSING.includes(code)) return facts(whyNotRead(error), "present");
  if (UNREADABLE.includes(code)) return facts(whyNotRead(error), "readable");
  if (code.startsWith("Z_")) return facts(`its compressed stream is damaged (${error.message})`, "whole");
  if (error.message.includes("allocation failed"))
    return facts(`its voxels do not fit in memory (${error.message})`, "smaller");
  return error;
}

/** Refuses what is no file before it is opened: to open a pipe waits for somebody who writes into it. Throws HeaderRefused. */
export async function checkIsFile(path: string): Promise<void> {
  const found = await stat(path);
  if (found.isFile()) return;
  throw new HeaderRefused(`it is ${found.isDirectory() ? "a folder" : "a pipe or a device"}`, "a file");
}
