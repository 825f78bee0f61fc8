import { basename } from "node:path";
import { Command } from "commander";
import { PatchstreamError } from "../../plan/index.js";
import {
  connectTrainer,
  readEvents,
  type TrainerClient,
  TrainingHistory,
  type WatchedInShort,
} from "../../trainer/index.js";
import { oneAddress } from "../address-list.js";
import { addCallFlags, type CallFlags, callOptions } from "../connection-flags.js";
import { type CommonOptions, printJson } from "../output.js";
import { addPlotFlags, type PlotFlags, showLines, writeLines } from "../plot-flags.js";
import { curvesPicture } from "./curves-picture.js";
import { MOST_VALUES, type StepCurves, stepCurves } from "./step-curves.js";

interface Options extends CommonOptions, CallFlags, PlotFlags {
  readonly trainer?: string;
}

/** `patchstream curves`. */
export function curvesCommand(): Command {
  const command = new Command("curves")
    .description("Show how a training went: loss, pseudo Dice, learning rate and patch over its steps.")
    .argument("<training>", "the folder of a training; with --trainer, the id of one of its trainings")
    .option("--trainer <address>", "the trainer service, host:port", oneAddress);
  return addCallFlags(addPlotFlags(command))
    .addHelpText(
      "after",
      `
Without --plot the curves are drawn in the terminal: as a picture where it shows pictures (kitty, Ghostty, iTerm2, WezTerm, foot, Konsole), elsewhere as text.

Examples:
  $ patchstream curves runs/20261123-173207-482-5f1c
  $ patchstream curves 20261123-173207-482-5f1c --trainer localhost:7071 --plot curves.png --theme dark`,
    )
    .action(async (training: string, options: Options, command: Command) => {
      const curves = await curvesOf(training, options);
      if (curves.stepsTaken === 0) throw nothingYet(training);
      const picture = curvesPicture(basename(training), curves);
      await writeLines(picture, options, command);
      if (options.json) printJson(curves);
      else if (options.plot === undefined) await showLines(picture);
    });
}

async function curvesOf(training: string, options: Options): Promise<StepCurves> {
  const told = new TrainingHistory(MOST_VALUES);
  if (options.trainer === undefined) {
    for await (const event of readEvents(training)) told.add(event);
    return stepCurves(told);
  }
  await using trainer = connectTrainer(options.trainer, callOptions(options));
  for await (const event of history(trainer, training)) told.add(event);
  return stepCurves(told);
}

/** What has happened until now in one of a trainer's trainings, which may go on meanwhile. */
async function* history(trainer: TrainerClient, training: string): AsyncGenerator<WatchedInShort> {
  const known = (await trainer.list()).find(({ id }) => id === training);
  const goesOn = known?.state === "running" || known?.state === "queued";
  const stepsTaken = goesOn ? known.stepsTaken : Number.POSITIVE_INFINITY;
  if (stepsTaken === 0) return;
  const ended = new AbortController();
  try {
    for await (const event of trainer.watchInShort(training, { signal: ended.signal })) {
      yield event;
      if (takenAfter(event) >= stepsTaken) return;
    }
  } finally {
    ended.abort();
  }
}

/** Steps taken after an event; 0 where it is not about steps. */
function takenAfter(event: WatchedInShort): number {
  if (event.kind === "steps") return event.steps.firstStep + event.steps.steps;
  return event.kind === "step" ? event.step.step + 1 : 0;
}

function nothingYet(training: string): PatchstreamError {
  const facts = { what: "steps of training", name: training, known: [] };
  return new PatchstreamError({ code: "NOT_FOUND", ...facts }, "It has not taken its first one.");
}
