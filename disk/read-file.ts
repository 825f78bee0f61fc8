import { readFileSync, type Stats, statSync } from "node:fs";
import { PatchstreamError } from "../plan/errors.js";
import { whyNotRead } from "./file-faults.js";
import { nearName } from "./near-name.js";

/**
 * Reads a whole file that the user named. `want` completes "it must be ...", such as "a PEM certificate". Throws INPUT_DAMAGED, one
 * line for whatever is there instead: nothing, a folder, an empty file, a file that this user may not read.
 */
export function readNamedFile(file: string, want: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new PatchstreamError(
      { code: "INPUT_DAMAGED", file, reason: whyNotRead(cause), want },
      nearHint(file, cause),
      {
        cause,
      },
    );
  }
  if (bytes.length === 0) throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason: "it is empty", want });
  return bytes;
}

/** What the user named, looked at; undefined for what cannot be: why, its reader says, who is asked for it as for a file. */
export function lookAtNamed(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

/** What some editors put before UTF-8, and JSON does not know. */
const BYTE_ORDER_MARK = /^\uFEFF/;

/** Reads a JSON file that the user named, as `readNamedFile` does. Throws INPUT_DAMAGED for what is no JSON, too. */
export function readNamedJson(file: string, want: string): unknown {
  const text = readNamedFile(file, want).toString().replace(BYTE_ORDER_MARK, "");
  try {
    return JSON.parse(text);
  } catch (cause) {
    // The parser repeats a piece of the file: one line must stay one line.
    const said = (cause as SyntaxError).message.replaceAll(/[\s\p{Cc}\uFFFD]+/gu, " ");
    const reason = `it cannot be read as JSON (${said})`;
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause });
  }
}

/** Throws INPUT_DAMAGED where a folder that the user named is not there, or is none. `want` completes "it must be ...". */
export function checkNamedFolder(folder: string, want: string): void {
  const refused = (reason: string, hint?: string, cause?: unknown) =>
    new PatchstreamError({ code: "INPUT_DAMAGED", file: folder, reason, want }, hint, { cause });
  let isFolder: boolean;
  try {
    isFolder = statSync(folder).isDirectory();
  } catch (cause) {
    throw refused(isMissing(cause) ? "there is no such folder" : whyNotRead(cause), nearHint(folder, cause), cause);
  }
  if (!isFolder) throw refused("it is a file");
}

function nearHint(path: string, cause: unknown): string | undefined {
  const near = isMissing(cause) ? nearName(path) : undefined;
  return near === undefined ? undefined : `Did you mean ${near}?`;
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
