import { readFileSync } from "node:fs";
import { join } from "node:path";
import { replaceFile } from "../../disk/write-file.js";
import { PatchstreamError } from "../../plan/errors.js";
import { parseRunSpec, type RunSpec } from "../spec.js";

export const REQUEST_FILE = "run.json";

/** What a training was started with, kept in its folder. */
export interface TrainingRequest {
  /** Addresses of its data servers. */
  readonly data: readonly string[];
  /** The run spec as it was sent. */
  readonly run: unknown;
  /** What its caller called the start. */
  readonly key?: string;
}

/** Throws WRITE_FAILED, and what was there before is whole. */
export function writeRequest(folder: string, request: TrainingRequest): void {
  replaceFile(join(folder, REQUEST_FILE), `${JSON.stringify(request)}\n`);
}

/** The request in a training's folder, and its run spec as read. Throws INPUT_DAMAGED, also for a spec that is not understood. */
export function readRequest(folder: string): { readonly request: TrainingRequest; readonly spec: RunSpec } {
  const file = join(folder, REQUEST_FILE);
  try {
    const request = JSON.parse(readFileSync(file, "utf8")) as Partial<TrainingRequest> | null;
    const { data, run, key } = request ?? {};
    if (!Array.isArray(data) || data.some((address) => typeof address !== "string")) throw new Error("it has no data");
    if (key !== undefined && typeof key !== "string") throw new Error("its key is no text");
    return { request: { data, run, ...(key !== undefined && { key }) }, spec: parseRunSpec(run) };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const want = "what the trainer wrote there";
    throw new PatchstreamError({ code: "INPUT_DAMAGED", file, reason, want }, undefined, { cause });
  }
}
