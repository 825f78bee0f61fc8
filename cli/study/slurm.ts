import { join } from "node:path";
import { type Command, Option } from "commander";
import { type OpenStudy, type SubmittedStudy, submitToSlurm } from "../../study/index.js";
import { MAIN } from "../child-server.js";
import { printJson, printLine } from "../output.js";
import { oneOrMore } from "../whole-number.js";

/** How a study is given to Slurm. */
export interface SlurmFlags {
  readonly submit?: "slurm";
  readonly partition?: string;
  readonly arrayLimit?: number;
  readonly time?: string;
  readonly sbatchOptions?: string;
}

export function addSlurmFlags(command: Command): Command {
  return command
    .addOption(
      new Option("--submit <where>", "give the runs to Slurm, one job each, and a job that writes the report")
        .choices(["slurm"])
        .conflicts(["report", "dryRun"]),
    )
    .option("--partition <name>", "with --submit: Slurm's partition (default: the cluster's)")
    .option(
      "--array-limit <runs>",
      "with --submit: most runs at a time (default: as many as there is room for)",
      oneOrMore,
    )
    .option(
      "--time <limit>",
      "with --submit: time limit of a job, as sbatch takes it; a run that needs longer goes on in another",
    )
    .option(
      "--sbatch-options <options>",
      'with --submit: other options of sbatch, such as "--cpus-per-task=8 --mem=16G"',
    )
    .hook("preAction", (_, used) => {
      const { submit, ...others } = used.opts<SlurmFlags>();
      const [flag] = SLURM_ONLY.filter((name) => others[name] !== undefined);
      if (submit === undefined && flag !== undefined)
        used.error(`error: --${flag.replace(/[A-Z]/, (letter) => `-${letter.toLowerCase()}`)} is for --submit slurm`);
    });
}

const SLURM_ONLY = ["partition", "arrayLimit", "time", "sbatchOptions"] as const;

/** Processors that Slurm has given to this job on this machine; undefined where it has not started us. */
export function ownCpus(): number | undefined {
  const { SLURM_JOB_ID: job, SLURM_CPUS_ON_NODE: cpus } = process.env;
  return job === undefined || cpus === undefined ? undefined : Number(cpus);
}

/** Gives what is not done to Slurm, and says how to watch it. */
export async function submit(
  study: OpenStudy,
  runArguments: readonly string[],
  { partition, arrayLimit, time, sbatchOptions = "", json }: SlurmFlags & { readonly json: boolean },
): Promise<void> {
  const others = sbatchOptions.split(/\s+/).filter((option) => option !== "");
  const patchstream = [process.execPath, MAIN];
  const options = { partition, atOnce: arrayLimit, time, others };
  const submitted = await submitToSlurm(study, { patchstream, runArguments }, options);
  if (json) printJson({ submitted });
  else for (const line of linesOf(submitted, study.folder.reportFile)) printLine(line);
}

function linesOf({ job, reportJob, runs, logs }: SubmittedStudy, report: string): string[] {
  const count = runs.length === 1 ? "1 run" : `${runs.length} runs, a task each`;
  return [
    `job ${job}: ${count}; job ${reportJob} writes ${report} when they have ended`,
    `watch: squeue --jobs ${job},${reportJob}; tail -F ${join(logs, "*.log")}`,
    `stop:  scancel ${job} ${reportJob}`,
    "The same command gives what is not done then to Slurm again.",
  ];
}
