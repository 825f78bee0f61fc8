/** The tasks of `SideThread`, run in its thread. */
import { workerData } from "piscina";
import { PatchstreamError } from "../../plan/errors.js";
import type { SpecDataset } from "../../plan/run-spec/resolve.js";
import { drawPage, type PageContent, type Picture } from "../preview/draw-page.js";
import { type ResolvedBytes, resolveBytes } from "./resolve-bytes.js";
import type { Outcome } from "./side-thread.js";

const store = workerData as SpecDataset;

export function resolve(specBytes: Uint8Array): Outcome<ResolvedBytes> {
  return outcomeOf(() => resolveBytes(specBytes, store));
}

export function draw(content: PageContent): Outcome<Picture> {
  return outcomeOf(() => drawPage(content));
}

function outcomeOf<Value>(task: () => Value): Outcome<Value> {
  try {
    return { value: task() };
  } catch (error) {
    if (error instanceof PatchstreamError) return { facts: error.facts, hint: error.hint };
    throw error;
  }
}
