"""The job of Slurm that a process is part of, as `disk/slurm-job.ts`."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SlurmJob:
    """A job, and how often it was put back into the queue."""

    id: str
    restarts: int


def own_slurm_job(environ: Mapping[str, str]) -> SlurmJob | None:
    """The job that this process is part of; None where Slurm did not start it."""
    job_id = environ.get("SLURM_JOB_ID")
    return None if job_id is None else SlurmJob(job_id, int(environ.get("SLURM_RESTART_COUNT", "0")))


def is_earlier_start(other: SlurmJob, job: SlurmJob) -> bool:
    """Whether `other` is `job` before it was put back: Slurm ends every process of a job before it starts it again."""
    return other.id == job.id and other.restarts < job.restarts
