import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { isAbsolute, join, resolve } from "node:path";
import { replaceFile } from "../../disk/index.js";
import { PatchstreamError, refuse } from "../../plan/errors.js";
import type { OpenStudy } from "../runner/open-study.js";
import { arrayScript, type JobScripts, reportScript } from "./job-scripts.js";

/** What the user asks of Slurm. */
export interface SlurmOptions {
  readonly partition?: string | undefined;
  /** Most runs at a time; undefined: as many as Slurm has room for. */
  readonly atOnce?: number | undefined;
  /** Time limit of each job, as `sbatch --time` takes it. */
  readonly time?: string | undefined;
  /** Other options of sbatch, for the array and for the report's job. What the study says itself (array, dependency, output) counts over them. */
  readonly others: readonly string[];
}

/** Jobs that Slurm has taken. */
export interface SubmittedStudy {
  /** Number of the array; its tasks are JOB_0, JOB_1, ... */
  readonly job: string;
  readonly reportJob: string;
  /** By task. */
  readonly runs: readonly string[];
  /** Folder of `RUN.log` and `report.log`. */
  readonly logs: string;
}

/**
 * Gives the runs that have no result yet to Slurm: an array with a task for each, and a job that writes the report when all of them have ended,
 * however. `patchstream`: the command that the nodes run; `runArguments`: what `study --run` gets beside the name. Throws SPEC_INVALID for a study with trainers of its own,
 * UNAVAILABLE with what sbatch says.
 */
export async function submitToSlurm(
  study: OpenStudy,
  { patchstream, runArguments }: Pick<JobScripts, "patchstream" | "runArguments">,
  { partition, atOnce, time, others }: SlurmOptions,
): Promise<SubmittedStudy> {
  const { spec, results, folder } = study;
  if (spec.trainers.length > 0)
    refuse("study.trainers", spec.trainers, "left out on Slurm, where each job has a trainer of its own");
  const runs = study.runs.map(({ name }) => name).filter((name) => !results.has(name));
  await study.begin();
  const logs = resolve(folder.slurm);
  // Of this submission alone: a node on which it lies sees the same folder.
  const submission = join(logs, `${randomUUID()}.sbatch`);
  const stores = new Set(study.runs.flatMap(({ dataset }) => dataset.source.store ?? []));
  const needed = [...patchstream, ...stores, submission].filter((word) => isAbsolute(word));
  const scripts: JobScripts = { folder: resolve(folder.path), logs, patchstream, runArguments, runs, needed };
  const script = arrayScript(scripts);
  replaceFile(submission, script);
  const common = [
    ...(partition === undefined ? [] : [`--partition=${partition}`]),
    ...(time === undefined ? [] : [`--time=${time}`]),
    ...others,
    "--parsable",
    "--output=/dev/null", // each script says where; a file that a node cannot open would end its job without a word
  ];
  const limit = atOnce === undefined ? "" : `%${atOnce}`;
  const array = [`--array=0-${runs.length - 1}${limit}`, "--job-name=patchstream-study"];
  const job = sbatch([...common, ...array], script);
  try {
    const after = [`--dependency=afterany:${job}`, "--job-name=patchstream-report"];
    return { job, reportJob: sbatch([...common, ...after], reportScript(scripts)), runs, logs };
  } catch (error) {
    spawnSync("scancel", [job]);
    throw error;
  }
}

/** Number of the job that sbatch made. */
function sbatch(args: readonly string[], script: string): string {
  const { error, status, stdout, stderr } = spawnSync("sbatch", args, { input: script, encoding: "utf8" });
  if (error !== undefined) {
    const reason = (error as NodeJS.ErrnoException).code === "ENOENT" ? "there is no such command here" : error.message;
    throw new PatchstreamError(
      { code: "UNAVAILABLE", address: "sbatch", reason },
      "Run this where jobs are submitted.",
    );
  }
  const number = /^\d+/.exec(stdout)?.[0]; // JOB or JOB;CLUSTER
  if (status === 0 && number !== undefined) return number;
  const said = stderr
    .trim()
    .split("\n")
    .at(-1)
    ?.replace(/^sbatch: (error: )?/, "");
  throw new PatchstreamError(
    { code: "UNAVAILABLE", address: "sbatch", reason: said || `exit code ${status}` },
    "Change what it names in the study's settings, and submit it again.",
  );
}
