import { Option } from "commander";
import { readNamedJson } from "../disk/index.js";
import { parseRunDocument, type RunDocument } from "../plan/index.js";

/** `--run`, in the same words for every command that has it. */
export function runOption(): Option {
  return new Option("--run <file>", 'the run spec: JSON with "data" and, for a training, "training"');
}

/** What the file of `--run` holds, not looked at yet. Throws INPUT_DAMAGED. */
export function readRunJson(file: string): unknown {
  return readNamedJson(file, "a run spec in JSON (--run)");
}

/** The run spec in the file of `--run`. Throws INPUT_DAMAGED, or SPEC_INVALID naming the field. */
export function readRunSpec(file: string): RunDocument {
  return parseRunDocument(readRunJson(file));
}
