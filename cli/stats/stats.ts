import { Command, InvalidArgumentError, Option } from "commander";
import { parseRunDocument } from "../../plan/index.js";
import { addressList } from "../address-list.js";
import { addCallFlags, type CallFlags, callOptions } from "../connection-flags.js";
import { type CommonOptions, printJson } from "../output.js";
import { readJson } from "../read-json.js";
import { wholeNumber } from "../whole-number.js";
import { type CountedRun, countFromServer, countFromStore } from "./count-batches.js";
import { summarize } from "./stats-summary.js";
import { statsTable } from "./stats-table.js";

interface StatsOptions extends CommonOptions, CallFlags {
  readonly store?: string;
  readonly data?: readonly string[];
  readonly run: string;
  readonly steps?: StepRange;
  readonly perStage: number;
}

interface StepRange {
  readonly from: number;
  readonly to: number;
}

function stepRange(text: string): StepRange {
  const [from, to] = /^(\d+):(\d+)$/.exec(text)?.slice(1).map(Number) ?? [];
  if (from === undefined || to === undefined || from >= to)
    throw new InvalidArgumentError("It must be FIRST:END, two whole numbers, the first smaller.");
  return { from, to };
}

function positive(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError("It must be 1 or more.");
  return number;
}

/** `patchstream stats`: what the batches of a run show the network, stage by stage. */
export function statsCommand(): Command {
  const command = new Command("stats")
    .description("Count foreground and classes in the batches of each stage (Figure 4 of the paper).")
    .option("--store <folder>", "the store to cut from")
    .addOption(
      new Option("--data <addresses>", "or the data servers to ask, host:port[,host:port]")
        .conflicts("store")
        .argParser(addressList),
    )
    .requiredOption("--run <file>", "the run spec (run.json)")
    .addOption(
      new Option("--steps <first:end>", "every step from the first to before the end, at its scheduled stage")
        .conflicts("perStage")
        .argParser(stepRange),
    )
    .option("--per-stage <n>", "or this many steps of each stage, evenly spread", positive, 20);
  return addCallFlags(command)
    .addHelpText("after", "\nExample:\n  $ patchstream stats --store stores/hippocampus --run run.json --per-stage 50")
    .action(stats);
}

async function stats(options: StatsOptions, command: Command): Promise<void> {
  const { data: dataSpec } = parseRunDocument(readJson(options.run, "a run spec in JSON"));
  const rows = summarize(await countBatches(options, dataSpec, command));
  if (options.json) printJson({ stages: rows });
  else process.stdout.write(statsTable(rows));
}

function countBatches(options: StatsOptions, dataSpec: unknown, command: Command): Promise<CountedRun> {
  const { store, data, steps, perStage } = options;
  const request = { dataSpec, sampling: steps ?? { perStage } };
  if (store !== undefined) return countFromStore(store, request);
  if (data !== undefined) return countFromServer(data, callOptions(options), request);
  return command.error("error: give --store FOLDER, or --data ADDRESS");
}
