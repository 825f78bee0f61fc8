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
