import { type Command, InvalidArgumentError, Option } from "commander";
import { readNamedJson } from "../../disk/index.js";
import { MODES, type NetworkPlan, parseNetworkPlan, parseNnunetPlans } from "../../plan/index.js";

/** What says of a network how it is planned. */
export interface NetworkOptions {
  readonly plans?: string;
  readonly patchSize?: readonly number[];
  readonly batchSize?: number;
  readonly pooling?: readonly number[];
  readonly minimum?: readonly number[];
  readonly increment?: readonly number[];
}

const FIELDS = ["patchSize", "batchSize", "pooling", "minimum", "increment"] as const;

function triple(text: string): number[] {
  const numbers = text.split(",").map((part) => (part.trim() === "" ? Number.NaN : Number(part)));
  if (numbers.length !== 3 || numbers.some(Number.isNaN)) {
    throw new InvalidArgumentError("It must be three numbers in axis order Z,Y,X, such as 40,56,40.");
  }
  return numbers;
}

/** A number as written on the command line. */
export function numeric(text: string): number {
  const number = Number(text);
  if (text.trim() === "" || Number.isNaN(number)) throw new InvalidArgumentError("It must be a number.");
  return number;
}

/** A whole number above 0. */
export function positive(text: string): number {
  const number = numeric(text);
  if (!Number.isSafeInteger(number) || number < 1) throw new InvalidArgumentError("It must be a whole number above 0.");
  return number;
}

/** The options that plan a network: a plans.json, or its numbers one by one. */
export function addNetworkOptions(command: Command): Command {
  return command
    .option("--plans <file>", "take the network from nnU-Net's plans.json (3d_fullres)")
    .option("--patch-size <z,y,x>", "final patch in voxels", triple)
    .option("--batch-size <count>", "batch at the final patch", numeric)
    .option("--pooling <z,y,x>", "poolings per axis; the smallest patch and its growth are 2^pooling", triple)
    .option("--minimum <z,y,x>", "smallest patch of a network without poolings", triple)
    .option("--increment <z,y,x>", "growth per axis of a network without poolings", triple);
}

/** The curriculum's mode. */
export function modeOption(): Option {
  return new Option(
    "--mode <mode>",
    'how patches grow: "constant" not at all, "efficiency" at the plan\'s batch, "performance" at the plan\'s voxels a batch, "progressive-resolution" whole patches from coarse to fine; MICCAI 2024: "pgps", "pgps-plus", and "rpss", which draws a stage for each step',
  )
    .choices(MODES)
    .default("performance");
}

/** How many sources of a network are given: a file, and numbers. */
export function networkSources(options: NetworkOptions): number {
  const given = FIELDS.some((name) => options[name] !== undefined);
  return Number(options.plans !== undefined) + Number(given);
}

/** The network's plan. Throws SPEC_INVALID or INPUT_DAMAGED for a wrong one. */
export function readPlan(options: NetworkOptions): NetworkPlan {
  if (options.plans !== undefined)
    return parseNnunetPlans(readNamedJson(options.plans, "nnU-Net's plans.json (--plans)"));
  const fields = Object.fromEntries(FIELDS.map((name) => [name, options[name]]));
  return parseNetworkPlan(fields, "plan");
}
