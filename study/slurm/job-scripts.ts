/** What the scripts of a study's jobs are made of. All paths are absolute. */
export interface JobScripts {
  /** The study's folder. */
  readonly folder: string;
  /** Where the jobs say how they go: one file a run, and one for the report. */
  readonly logs: string;
  /** `patchstream`: program and arguments. */
  readonly patchstream: readonly string[];
  /** Flags of every run beside its name. */
  readonly runArguments: readonly string[];
  /** Names of the runs, by task. */
  readonly runs: readonly string[];
  /** What every node must have. */
  readonly needed: readonly string[];
}

/** Seconds before a job's time limit at which its run stops with a checkpoint and the job goes back into the queue. */
const WARNED_SECONDS = 120;

/**
 * The batch script of the array whose task N trains run N. Before its time limit a task stops its run and puts itself back; put back by whomever, it goes on
 * from the last checkpoint. A run that ends with an error, or is killed, ends its task: `--submit` gives it another one.
 */
export function arrayScript({ folder, logs, patchstream, runArguments, runs, needed }: JobScripts): string {
  return `#!/bin/bash
#SBATCH --requeue --open-mode=append --signal=B:USR1@${WARNED_SECONDS}
# Trains one run of a study; made by \`patchstream study --submit slurm\`.

runs=(
${runs.map(quoted).join("\n")}
)
run=\${runs[SLURM_ARRAY_TASK_ID]}
${checkNode(needed)}
exec >>${quoted(`${logs}/`)}"$run.log" 2>&1
echo "job $SLURM_JOB_ID (\${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID), start $((\${SLURM_RESTART_COUNT:-0} + 1)), on $(hostname), $(date -u +%FT%TZ)"

is_time_up=
trap 'is_time_up=yes; kill -TERM "$study"' USR1 # not TERM: scancel sends it too, and must not bring the job back
trap 'kill -TERM "$study"' TERM
${[...patchstream, "study", folder].map(quoted).join(" ")} --run "$run" ${runArguments.map(quoted).join(" ")} &
study=$!
while kill -0 "$study" 2>/dev/null; do # a trap ends wait, but not what it waits for
  status=0
  wait "$study" || status=$?
done
if [ "$is_time_up" ] && [ "$status" != 0 ]; then
  scontrol requeue "$SLURM_JOB_ID"
  sleep infinity # until Slurm ends us
fi
exit "$status"
`;
}

/** The batch script of the job that writes the report of what is done. */
export function reportScript({ folder, logs, patchstream, needed }: JobScripts): string {
  return `#!/bin/bash
#SBATCH --requeue --open-mode=append
# Writes the report of a study; made by \`patchstream study --submit slurm\`.
${checkNode(needed)}
exec >>${quoted(`${logs}/report.log`)} 2>&1
exec ${[...patchstream, "study", folder].map(quoted).join(" ")} --report
`;
}

/** A node that lacks something cannot write into the study's folder: it says so in the folder of the submission, and in the job's comment. */
function checkNode(needed: readonly string[]): string {
  return `for path in ${needed.map(quoted).join(" ")}; do
  [ -e "$path" ] && continue
  line="$(hostname) does not have $path; the study's folder and patchstream must be on storage that all nodes share"
  echo "job $SLURM_JOB_ID: $line" >>"$SLURM_SUBMIT_DIR/study-on-slurm.log"
  scontrol update JobId="$SLURM_JOB_ID" Comment="$line"
  exit 1
done`;
}

/** One word of a shell, whatever it holds. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
