import { Command } from "commander";
import { replaceFile } from "../../disk/index.js";
import { PatchstreamError } from "../../plan/index.js";
import { connectTrainer, ToldCases, type TrainerClient, type WatchedEvent } from "../../trainer/index.js";
import { dataOption } from "../batch-flags.js";
import { addCallFlags, type CallFlags, callOptions } from "../connection-flags.js";
import { type CommonOptions, printJson } from "../output.js";
import { readRunJson, runOption } from "../run-flag.js";
import { abortedBySignals } from "../stop-signal.js";
import { addTrainerFlag, type TrainerFlag } from "../trainer-flag.js";
import { takeUp } from "./take-up.js";
import { trainingProgress } from "./training-progress.js";
import { trainingTable } from "./training-table.js";
import { watchToEnd } from "./watch-training.js";

interface Options extends CommonOptions, CallFlags, TrainerFlag {
  readonly data?: readonly string[];
  readonly run?: string;
  readonly resume?: string;
  readonly watch?: string;
  readonly summary?: string;
  readonly goOn?: string;
}

/** The run spec in a file, for the trainer to look at. */
const runBytes = (file: string) => Buffer.from(JSON.stringify(readRunJson(file)));

/** What a shell gives for a program that Ctrl-C has ended. */
const INTERRUPTED = 130;

/** Starts a training, unless `goOn` is a file that names one. Resolves to its name. */
function begin(
  trainer: TrainerClient,
  { run, data }: { readonly run: Uint8Array; readonly data: readonly string[] },
  goOn: string | undefined,
): Promise<string> {
  return goOn === undefined ? trainer.start(run, data) : takeUp(trainer, goOn, { run, data });
}

/** Says that only this command ends. */
function leave(training: string, address: string): void {
  const again = `patchstream train --trainer ${address} --watch ${training}`;
  process.stderr.write(`training ${training} goes on; watch it again with: ${again}\n`);
  process.exitCode = INTERRUPTED;
}

/** Throws UNSUPPORTED where the training told nothing to write. */
function writeSummary(file: string, { summary }: ToldCases): void {
  if (summary !== undefined) {
    replaceFile(file, summary);
    return;
  }
  const want = "of a training with held-out cases, at a trainer of this version";
  throw new PatchstreamError({ code: "UNSUPPORTED", what: "--summary", want });
}

/** `patchstream train`. */
export function trainCommand(): Command {
  const command = new Command("train")
    .description("Start a training at a trainer and watch it; leaving it does not stop it.")
    .addOption(dataOption())
    .addOption(runOption())
    .option("--resume <training>", "go on with this training from its last checkpoint")
    .option("--watch <training>", "only watch this training, from its beginning")
    .option(
      "--summary <file>",
      "write nnU-Net's summary.json of the held-out cases to this file, wherever the trainer is",
    )
    .option(
      "--go-on <file>",
      "with --run: go on with the training that this file names; start it where there is no file",
    );
  return addCallFlags(addTrainerFlag(command))
    .addHelpText(
      "after",
      "\nExample:\n  $ patchstream train --data localhost:7070 --trainer localhost:7071 --run run.json\n\nA job that may be started again names a file with --go-on: the second start goes on where the first one ended.",
    )
    .action(async (options: Options) => {
      const { trainer: address, data = [], run, resume, watch, goOn, summary: summaryFile, json } = options;
      if ([run, resume, watch].filter((one) => one !== undefined).length !== 1)
        command.error("error: one of --run, --resume and --watch is needed");
      if (goOn !== undefined && run === undefined) command.error("error: --go-on needs --run");
      await using trainer = connectTrainer(address, callOptions(options));
      const progress = trainingProgress();
      try {
        if (resume !== undefined) await trainer.resume(resume, { data });
        const training = watch ?? resume ?? (await begin(trainer, { run: runBytes(run ?? ""), data }, goOn));
        let isKnown = false;
        const announce = () => {
          isKnown = true;
          if (json) printJson({ training });
          else process.stderr.write(`training ${training}\n`);
        };
        if (watch === undefined) announce();
        const { signal } = abortedBySignals();
        const told = new ToldCases(training);
        const onEvent = (event: WatchedEvent) => {
          told.add(event);
          if (!isKnown) announce();
          if (json) printJson(event);
          else progress.show(event);
        };
        const summary = await watchToEnd(trainer, training, onEvent, signal).catch((error: unknown) => {
          if (!signal.aborted) throw error;
        });
        progress.stop();
        if (summary !== undefined && summaryFile !== undefined) writeSummary(summaryFile, told);
        if (summary === undefined) leave(training, address);
        else if (json) printJson({ summary });
        else process.stdout.write(trainingTable(summary));
      } finally {
        progress.stop();
      }
    });
}
