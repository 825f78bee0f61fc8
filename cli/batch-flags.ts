import { type Command, Option } from "commander";
import type { StoreOptions } from "../loader/index.js";
import type { Timeline } from "../plan/index.js";
import { addressList } from "./address-list.js";
import { runOption } from "./run-flag.js";
import { addStoreFlags, STORE, type StoreFlags, storeOptions } from "./store-flags.js";
import { wholeNumber } from "./whole-number.js";

/** Which run's batches, and where they come from: a store, or data servers. */
export interface SourceFlags extends StoreFlags {
  readonly store?: string;
  readonly data?: readonly string[];
  readonly run: string;
}

export type BatchSource =
  | { readonly at: "store"; readonly store: string; readonly options: StoreOptions }
  | { readonly at: "servers"; readonly addresses: readonly string[] };

/** `--data`, in the same words for every command that has it. */
export function dataOption(): Option {
  return new Option("--data <addresses>", "data servers of one store, host:port[,host:port]").argParser(addressList);
}

export function addSourceFlags(command: Command): Command {
  const withStore = command.option("--store <store>", `cut from this store, ${STORE}; or give --data`);
  return addStoreFlags(withStore)
    .addOption(dataOption().conflicts("store"))
    .addOption(runOption().makeOptionMandatory());
}

/** Ends `command` with exit code 2 where neither is given. */
export function batchSource(flags: SourceFlags, command: Command): BatchSource {
  const { store, data } = flags;
  if (store !== undefined) return { at: "store", store, options: storeOptions(flags, command) };
  if (data !== undefined) return { at: "servers", addresses: data };
  return command.error("error: give --store STORE, or --data ADDRESSES");
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
