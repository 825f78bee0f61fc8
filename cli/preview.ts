import { Command } from "commander";
import { connect, type Preview } from "../client/index.js";
import { replaceFile } from "../disk/index.js";
import { previewFromStore } from "../loader/index.js";
import { type AddressFlags, addAddressFlags, addSourceFlags, batchSource, type SourceFlags } from "./batch-flags.js";
import { addCallFlags, type CallFlags, callOptions } from "./connection-flags.js";
import { type CommonOptions, printJson } from "./output.js";
import { readRunSpec } from "./run-flag.js";
import { pictureColumns, pictureProtocol, writePicture } from "./terminal-picture.js";
import { oneOrMore, wholeNumber } from "./whole-number.js";

interface Options extends CommonOptions, CallFlags, SourceFlags, AddressFlags {
  readonly page: number;
  readonly channel: number;
  readonly out?: string;
}

/** `patchstream preview`: one page of a batch as a picture. */
export function previewCommand(): Command {
  const command = new Command("preview").description(
    "Draw a batch: the three middle slices of each sample, with labels in colour, case, class and box start.",
  );
  addAddressFlags(addSourceFlags(command))
    .option("--page <page>", "which page of the batch's samples, from 1", oneOrMore, 1)
    .option("--channel <channel>", "which channel of the image, from 0", wholeNumber, 0)
    .option("--out <file>", "the PNG to write (default: drawn in the terminal, where it shows pictures)");
  return addCallFlags(command)
    .addHelpText(
      "after",
      "\nExamples:\n  $ patchstream preview --store stores/hippocampus --run run.json --step 42                      # in a terminal that shows pictures\n  $ patchstream preview --store stores/hippocampus --run run.json --step 42 --out step-42.png\n  $ patchstream preview --data localhost:7070 --run run.json --step 42 --page 2 --channel 1 --out step-42.png",
    )
    .action(async (options: Options, command: Command) => {
      const { step, page, out, json } = options;
      const protocol = json ? undefined : pictureProtocol(process.stdout, process.env);
      if (out === undefined && protocol === undefined)
        command.error(
          "error: give --out <file>: this is no terminal that shows pictures, as kitty, Ghostty, iTerm2, WezTerm, foot and Konsole do",
        );
      const { png, pages, firstSample, samples } = await drawn(options, command);
      if (out !== undefined) {
        replaceFile(out, [png]);
        if (json) printJson({ step, page, pages, firstSample, samples, file: out, bytes: png.byteLength });
        else process.stderr.write(`wrote ${out}: page ${page} of ${pages}\n`);
      } else if (protocol !== undefined) {
        await writePicture(png, pictureColumns(), protocol, process.stdout);
        process.stderr.write(`page ${page} of ${pages}\n`);
      }
    });
}

async function drawn(options: Options, command: Command): Promise<Preview> {
  const { run, step, stage, timeline, page, channel } = options;
  const source = batchSource(options, command);
  const { data: dataSpec } = readRunSpec(run);
  const request = { timeline, step, page, channel, ...(stage !== undefined && { stage }) };
  if (source.at === "store") return previewFromStore(source.store, dataSpec, request, source.options);
  await using client = connect(source.addresses, callOptions(options));
  return await client.preview(dataSpec, request);
}
