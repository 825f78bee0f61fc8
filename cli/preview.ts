import { Command, Option } from "commander";
import { connect } from "../client/index.js";
import { replaceFile } from "../disk/index.js";
import { parseRunDocument, type Timeline } from "../plan/index.js";
import { addressList } from "./address-list.js";
import { addCallFlags, type CallFlags, callOptions } from "./connection-flags.js";
import { type CommonOptions, printJson } from "./output.js";
import { readJson } from "./read-json.js";
import { wholeNumber } from "./whole-number.js";

interface Options extends CommonOptions, CallFlags {
  readonly data: readonly string[];
  readonly run: string;
  readonly step: number;
  readonly stage?: number;
  readonly timeline: Timeline;
  readonly out: string;
}

/** `patchstream preview`: one batch as a picture. */
export function previewCommand(): Command {
  const command = new Command("preview")
    .description("Draw one batch: the middle slice of each sample, with its label in colour.")
    .requiredOption("--data <addresses>", "the data servers to ask, host:port[,host:port]", addressList)
    .requiredOption("--run <file>", "the run spec (run.json)")
    .requiredOption("--step <number>", "the step, from 0", wholeNumber)
    .option("--stage <number>", "the stage, from 0 (default: the one scheduled for the step)", wholeNumber)
    .addOption(new Option("--timeline <name>", "which timeline").choices(["train", "val"]).default("train"))
    .requiredOption("--out <file>", "the PNG to write");
  return addCallFlags(command)
    .addHelpText(
      "after",
      "\nExample:\n  $ patchstream preview --data localhost:7070 --run run.json --step 4711 --out step-4711.png",
    )
    .action(async (options: Options) => {
      const { data, run, step, stage, timeline, out, json } = options;
      const { data: dataSpec } = parseRunDocument(readJson(run, "a run spec in JSON"));
      await using client = connect(data, callOptions(options));
      const png = await client.preview(dataSpec as object, { timeline, step, ...(stage !== undefined && { stage }) });
      replaceFile(out, [png]);
      if (json) printJson({ step, file: out, bytes: png.byteLength });
      else process.stderr.write(`wrote ${out}\n`);
    });
}
