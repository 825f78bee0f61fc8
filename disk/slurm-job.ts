import { spawnSync } from "node:child_process";

/** A job of Slurm, and how often it was put back into the queue. */
export interface SlurmJob {
  readonly id: string;
  readonly restarts: number;
}

/** The job that this process is part of; undefined where Slurm did not start it. */
export function ownSlurmJob({
  SLURM_JOB_ID: id,
  SLURM_RESTART_COUNT: restarts,
}: NodeJS.ProcessEnv): SlurmJob | undefined {
  return id === undefined ? undefined : { id, restarts: Number(restarts ?? 0) };
}

/** Whether `other` is `job` before it was put back into the queue: Slurm ends every process of a job before it starts the job again. */
export function isEarlierStart(other: SlurmJob, job: SlurmJob): boolean {
  return other.id === job.id && other.restarts < job.restarts;
}

/** Longest that Slurm is waited for, in milliseconds: who asks holds nothing yet. */
const ANSWER_MS = 20_000;

/** Whether Slurm says that a job has ended, with every process of it. False where Slurm does not answer, or is not here. */
export function hasEnded({ id }: SlurmJob): boolean {
  const asked = ["--noheader", "--jobs", id, "--format", "%T"];
  const { status, stdout, stderr } = spawnSync("squeue", asked, { encoding: "utf8", timeout: ANSWER_MS });
  if (status === 0) return stdout.trim() === "";
  return status !== null && stderr.includes("Invalid job id"); // it has forgotten the job
}
