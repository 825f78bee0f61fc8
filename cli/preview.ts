import { Command, InvalidArgumentError, Option } from "commander";
import { connect, type Preview } from "../client/index.js";
import { replaceFile } from "../disk/index.js";
import { previewFromStore } from "../loader/index.js";
import { parseRunDocument, type Timeline } from "../plan/index.js";
import { addressList } from "./address-list.js";
import { addCallFlags, type CallFlags, callOptions } from "./connection-flags.js";
import { type CommonOptions, printJson } from "./output.js";
import { readJson } from "./read-json.js";
import { wholeNumber } from "./whole-number.js";

interface Options extends CommonOptions, CallFlags {
  readonly store?: string;
  readonly data?: readonly string[];
  readonly run: string;
  readonly step: number;
  readonly stage?: number;
  readonly timeline: Timeline;
  readonly page: number;
  readonly channel: number;
  readonly out: string;
}

/** `patchstream preview`: one page of a batch as a picture. */
export function previewCommand(): Command {
  const command = new Command("preview")
    .description(
      "Draw a batch: the three middle slices of each sample, with labels in colour, case, class and box start.",
    )
    .option("--store <folder>", "the store to draw from")
    .addOption(
      new Option("--data <addresses>", "or the data servers to ask, host:port[,host:port]")
        .conflicts("store")
        .argParser(addressList),
    )
    .requiredOption("--run <file>", "the run spec (run.json)")
    .requiredOption("--step <number>", "the step, from 0", wholeNumber)
    .option("--stage <number>", "the stage, from 0 (default: the one scheduled for the step)", wholeNumber)
    .addOption(new Option("--timeline <name>", "which timeline").choices(["train", "val"]).default("train"))
    .option("--page <number>", "which page of the batch's samples, from 1", pageNumber, 1)
    .option("--channel <number>", "which channel of the image, from 0", wholeNumber, 0)
    .requiredOption("--out <file>", "the PNG to write");
  return addCallFlags(command)
    .addHelpText(
      "after",
      "\nExamples:\n  $ patchstream preview --store stores/hippocampus --run run.json --step 42 --out step-42.png\n  $ patchstream preview --data localhost:7070 --run run.json --step 42 --page 2 --channel 1 --out step-42.png",
    )
    .action(async (options: Options, command: Command) => {
      const { step, page, out, json } = options;
      const { png, pages, firstSample, samples } = await drawn(options, command);
      replaceFile(out, [png]);
      if (json) printJson({ step, page, pages, firstSample, samples, file: out, bytes: png.byteLength });
      else process.stderr.write(`wrote ${out}: page ${page} of ${pages}\n`);
    });
}

async function drawn(options: Options, command: Command): Promise<Preview> {
  const { store, data, run, step, stage, timeline, page, channel } = options;
  const { data: dataSpec } = parseRunDocument(readJson(run, "a run spec in JSON"));
  const request = { timeline, step, page, channel, ...(stage !== undefined && { stage }) };
  if (store !== undefined) return previewFromStore(store, dataSpec, request);
  if (data === undefined) return command.error("error: give --store FOLDER, or --data ADDRESS");
  await using client = connect(data, callOptions(options));
  return await client.preview(dataSpec, request);
}

function pageNumber(text: string): number {
  const page = wholeNumber(text);
  if (page === 0) throw new InvalidArgumentError("It must be 1 or more.");
  return page;
}
