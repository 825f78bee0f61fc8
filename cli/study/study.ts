import { Command, Option } from "commander";
import { checkNamedFolder } from "../../disk/index.js";
import { PatchstreamError } from "../../plan/index.js";
import { type OpenStudy, openStudy, runStudy, StudyFolder, type StudyOutcome, writeReport } from "../../study/index.js";
import { startServer } from "../child-server.js";
import { durationText } from "../duration-text.js";
import { type CommonOptions, printJson, printLine } from "../output.js";
import { addStoreFlags, type StoreFlags, storeArguments } from "../store-flags.js";
import { readStudy } from "./read-study.js";
import { addSlurmFlags, ownCpus, type SlurmFlags, submit } from "./slurm.js";
import { studyProgress } from "./study-progress.js";

interface Options extends CommonOptions, StoreFlags, SlurmFlags {
  readonly out?: string;
  readonly dryRun?: boolean;
  readonly report?: boolean;
  readonly run?: string;
}

/** `patchstream study`. */
export function studyCommand(): Command {
  const command = new Command("study")
    .description("Train every run of an experiment (methods, networks, folds, lengths, seeds), and report on them.")
    .argument("<study>", "the study: a JSON document, or the folder of one that was begun")
    .option("--out <folder>", "the study's folder (default: the document's name, beside it)")
    .addOption(new Option("--report", "only write the report of what is done until now").conflicts(["dryRun"]))
    .option("--dry-run", "only check the study, count its runs, and estimate how long they take")
    .addOption(
      new Option("--run <name>", "only train this run, of a study that was begun; others may be trained meanwhile") //
        .conflicts(["out", "report", "dryRun", "submit"]),
    );
  return addStoreFlags(addSlurmFlags(command))
    .addHelpText(
      "after",
      `
Stopped or killed, it goes on with the same command: what is done is not done again.

Examples:
  $ patchstream study study.json --dry-run
  $ patchstream study study.json --out study
  $ patchstream study study --report
  $ patchstream study study.json --submit slurm --partition gpu --array-limit 8 --sbatch-options "--cpus-per-task=8 --mem=16G"`,
    )
    .action(async (named: string, options: Options, command: Command) => {
      const interrupted = new AbortController();
      const stop = (name: NodeJS.Signals) => interrupted.abort(new Error(`ended by ${name}; the same command goes on`));
      for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, stop);
      const flags = storeArguments(options, command);
      if (options.run !== undefined) await oneRun(named, options.run, flags, options, interrupted.signal);
      else await study(named, options, flags, interrupted.signal);
    });
}

/** Trains one run, with as much of the machine as its job of Slurm has. */
async function oneRun(
  named: string,
  name: string,
  storeArguments: readonly string[],
  { json = false }: Options,
  signal: AbortSignal,
): Promise<void> {
  checkNamedFolder(named, "the folder of a study that was begun (--run)");
  const { spec, path } = readStudy(named, undefined);
  const threads = ownCpus();
  await using opened = await openStudy(
    { ...spec, trainers: [], atOnce: 1 },
    {
      folder: new StudyFolder(path),
      startService: startServer,
      storeArguments: [...storeArguments, ...(threads === undefined ? [] : ["--workers", String(threads)])],
      single: { name, threads },
      isMeasured: false,
    },
  );
  const outcome = await train(opened, json, signal);
  if (json) printJson({ outcome });
  else printLine(`${outcomeText(outcome)}, in ${path}`);
  refuseFailed(outcome);
}

async function study(
  named: string,
  { out, dryRun, report, json, ...options }: Options,
  storeArguments: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { spec, path } = readStudy(named, out);
  if (report) return await tellReport(path, json ?? false);
  const folder = new StudyFolder(path);
  using _lock = dryRun ? undefined : folder.lock();
  const isMeasured = options.submit === undefined;
  await using opened = await openStudy(spec, { folder, startService: startServer, storeArguments, isMeasured });
  const size = sizeOf(opened);
  if (json) printJson(size);
  else process.stderr.write(`${sizeText(size)}\n`);
  if (dryRun) return;
  if (options.submit !== undefined && opened.results.size < opened.runs.length)
    return await submit(opened, storeArguments, { ...options, json: json ?? false });
  await opened.begin();
  const outcome = await train(opened, json ?? false, signal);
  if (json) printJson({ outcome });
  else process.stdout.write(`${outcomeText(outcome)}, in ${path}\n`);
  if (outcome.finished + outcome.diverged > 0) await tellReport(path, json ?? false);
  refuseFailed(outcome);
}

async function tellReport(path: string, json: boolean): Promise<void> {
  const report = await writeReport(path);
  if (json) printJson({ report });
  else process.stdout.write(`report: ${report}\n`);
}

async function train(opened: OpenStudy, json: boolean, signal: AbortSignal): Promise<StudyOutcome> {
  const progress = studyProgress();
  try {
    return await runStudy(opened, {
      signal,
      onEvent(event) {
        if (!json) progress.show(event);
        else if (event.kind !== "step") printJson(event);
      },
    });
  } finally {
    progress.stop();
  }
}

interface StudySize {
  readonly runs: number;
  readonly done: number;
  /** Absent: nothing was measured yet. */
  readonly secondsLeft?: number;
  /** What the seconds are estimated from. */
  readonly estimatedFrom?: "runs" | "step";
}

function sizeOf({ runs, results, pace, secondsLeft }: OpenStudy): StudySize {
  const estimate = pace && secondsLeft !== undefined ? { secondsLeft, estimatedFrom: pace.source } : {};
  return { runs: runs.length, done: results.size, ...estimate };
}

const SOURCES = { runs: "the runs that are done", step: "measured steps of each network and the operations of all" };

function sizeText({ runs, done, secondsLeft, estimatedFrom }: StudySize): string {
  const count = `${runs} ${runs === 1 ? "run" : "runs"}, ${done} of them done`;
  if (runs === done) return count;
  if (secondsLeft === undefined || estimatedFrom === undefined)
    return `${count}; how long the others take is known when one is done`;
  return `${count}; the others take about ${durationText(secondsLeft)}, estimated from ${SOURCES[estimatedFrom]}`;
}

function outcomeText({ finished, diverged, failed, left }: StudyOutcome): string {
  return [
    `${finished} runs finished`,
    ...(diverged === 0 ? [] : [`${diverged} diverged (their Dice counts as 0)`]),
    ...(failed.length === 0 ? [] : [`${failed.length} failed`]),
    ...(left.length === 0 ? [] : [`${left.length} not trained, since no trainer was left`]),
  ].join(", ");
}

/** Throws TRAINING_ENDED where a run has no result. */
function refuseFailed({ failed, left }: StudyOutcome): void {
  for (const { run, message } of failed) process.stderr.write(`failed: ${run}: ${message}\n`);
  for (const run of left) process.stderr.write(`not trained: ${run}\n`);
  const [first] = [...failed.map(({ run }) => run), ...left];
  if (first === undefined) return;
  const facts = { training: first, state: "has no result", reason: `${failed.length + left.length} runs are not done` };
  throw new PatchstreamError({ code: "TRAINING_ENDED", ...facts }, "The same command tries them again.");
}
