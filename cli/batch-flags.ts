import { type Command, Option } from "commander";
import type { Timeline } from "../plan/index.js";
import { addressList } from "./address-list.js";
import { runOption } from "./run-flag.js";
import { wholeNumber } from "./whole-number.js";

/** Which run's batches, and where they come from: a store on this machine, or data servers. */
export interface SourceFlags {
  readonly store?: string;
  readonly data?: readonly string[];
  readonly run: string;
}

export type BatchSource =
  | { readonly at: "store"; readonly folder: string }
  | { readonly at: "servers"; readonly addresses: readonly string[] };

/** `--data`, in the same words for every command that has it. */
export function dataOption(): Option {
  return new Option("--data <addresses>", "data servers of one store, host:port[,host:port]").argParser(addressList);
}

export function addSourceFlags(command: Command): Command {
  return command
    .option("--store <folder>", "cut from this store; or give --data")
    .addOption(dataOption().conflicts("store"))
    .addOption(runOption().makeOptionMandatory());
}

/** Ends `command` with exit code 2 where neither is given. */
export function batchSource({ store, data }: SourceFlags, command: Command): BatchSource {
  if (store !== undefined) return { at: "store", folder: store };
  if (data !== undefined) return { at: "servers", addresses: data };
  return command.error("error: give --store FOLDER, or --data ADDRESSES");
}

/** Which of a run's batches. */
export interface AddressFlags {
  readonly timeline: Timeline;
  readonly step: number;
  /** Absent: the scheduled one. */
  readonly stage?: number;
}

export function addAddressFlags(command: Command): Command {
  return command
    .requiredOption("--step <step>", "the step, from 0", wholeNumber)
    .option("--stage <stage>", "the stage, from 0 (default: the one scheduled for the step)", wholeNumber)
    .addOption(
      new Option("--timeline <name>", '"train": training batches; "val": validation, full patches without augmentation')
        .choices(["train", "val"])
        .default("train"),
    );
}
