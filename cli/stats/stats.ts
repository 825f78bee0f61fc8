import { Command, InvalidArgumentError, Option } from "commander";
import { addSourceFlags, batchSource, type SourceFlags } from "../batch-flags.js";
import { addCallFlags, type CallFlags, callOptions } from "../connection-flags.js";
import { countProgress } from "../count-progress.js";
import { type CommonOptions, printJson } from "../output.js";
import { addPlotFlags, type PlotFlags, writeLines } from "../plot-flags.js";
import { readRunSpec } from "../run-flag.js";
import { oneOrMore } from "../whole-number.js";
import { type CountedRun, countFromServer, countFromStore } from "./count-batches.js";

import { statsPicture } from "./stats-picture.js";
import { summarize } from "./stats-summary.js";
import { statsTable } from "./stats-table.js";

interface StatsOptions extends CommonOptions, CallFlags, SourceFlags, PlotFlags {
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

/** `patchstream stats`: what the batches of a run show the network, stage by stage. */
export function statsCommand(): Command {
  const command = new Command("stats").description(
    "Count foreground and classes in the batches of each stage (Figure 4 of the paper).",
  );
  addSourceFlags(command)
    .addOption(
      new Option("--steps <first:end>", "every step from the first to before the end, at its scheduled stage")
        .conflicts("perStage")
        .argParser(stepRange),
    )
    .option("--per-stage <count>", "or this many steps of each stage, evenly spread", oneOrMore, 20);
  return addCallFlags(addPlotFlags(command))
    .addHelpText("after", "\nExample:\n  $ patchstream stats --store stores/hippocampus --run run.json --per-stage 50")
    .action(stats);
}

async function stats(options: StatsOptions, command: Command): Promise<void> {
  const { data: dataSpec } = readRunSpec(options.run);
  const counted = await countBatches(options, dataSpec, command);
  const rows = summarize(counted);
  await writeLines(statsPicture(counted.spec.dataset, rows), options, command);
  if (options.json) printJson({ stages: rows });
  else process.stdout.write(statsTable(rows));
}

function countBatches(options: StatsOptions, dataSpec: unknown, command: Command): Promise<CountedRun> {
  const { steps, perStage } = options;
  const source = batchSource(options, command);
  const progress = countProgress({ done: "counted", unit: "batches" });
  const request = { dataSpec, sampling: steps ?? { perStage }, onCounted: progress.show };
  const counted =
    source.at === "store"
      ? countFromStore(source.store, source.options, request)
      : countFromServer(source.addresses, callOptions(options), request);
  return counted.finally(progress.stop);
}
