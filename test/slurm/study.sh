# A study as an array: one run is killed, one put back into the queue, and the report is that of the same study without Slurm. Read by run.sh.

cat >study.json <<'STUDY'
{
  "datasets": [{ "name": "hippocampus", "store": "store", "plan": { "patchSize": [16, 16, 16], "batchSize": 2, "pooling": [2, 2, 2] } }],
  "networks": [{ "name": "small", "training": { "network": "plain-unet", "baseFeatures": 4 } }],
  "methods": ["constant", "efficiency"],
  "folds": [0, 1],
  "data": { "epochs": 10, "stepsPerEpoch": 10, "valSteps": 1, "split": { "folds": 5 }, "augmentation": "none" },
  "training": { "learningRate": 0.05, "momentum": 0.9 }
}
STUDY

# A field of the one line that a study says when it was submitted.
submit_study() {
  $PATCHSTREAM study study.json --submit slurm --partition gpu --time 10 --json "$@" | grep submitted >submitted.json
  job=$(node -p 'JSON.parse(fs.readFileSync("submitted.json")).submitted.job')
  report=$(node -p 'JSON.parse(fs.readFileSync("submitted.json")).submitted.reportJob')
}
run_of_task() { node -p "JSON.parse(fs.readFileSync('submitted.json')).submitted.runs[$1]"; }
results_in() { find "$1/runs" -name result.json | wc -l; }

said "a study without Slurm, on one processor as each task has"
taskset -c 0 $PATCHSTREAM study study.json --out local-study >local-study.log 2>&1

submit_study --out study --array-limit 3 --sbatch-options "--cpus-per-task=1 --mem=300"
said "job $job trains its runs, job $report writes the report"
killed=$(run_of_task 0) requeued=$(run_of_task 1)
until_true "no step of $killed" has_step "study/runs/$killed/trainings" 10
node=$(scontrol show job "${job}_0" | sed -n 's/ *NodeList=//p' | tail -n 1)
kill -KILL "$(pgrep -f -- "study $folder/study --run ${killed//+/.}")"
until_true "no step of $requeued" has_step "study/runs/$requeued/trainings" 10
scontrol requeue "${job}_1"
until_true "job $report wrote no report" is_in_state "$report" COMPLETED
[ "$(results_in study)" = 3 ] || fail "$(results_in study) runs are done, not all but the one that was killed"
grep -q "start 2, on" "study/slurm/$requeued.log" || fail "the run that was put back was not started again"
grep -q "goes on" "study/slurm/$requeued.log" || fail "the run that was put back began again"
grep -q "3 of 4 runs so far" study/report/report.md || fail "the report does not say that a run is missing"
said "job $job: one run was killed, one put back; job $report wrote the report of three"

submit_study --out study --sbatch-options "--cpus-per-task=1 --mem=300 --exclude=$node"
until_true "job $report wrote no report" is_in_state "$report" COMPLETED
grep -q "goes on" "study/slurm/$killed.log" || fail "the run that was killed began again"
node "$root/dist/test/slurm/same-report.js" local-study study || fail "the reports differ"
said "job $job: the run that was killed on $node went on elsewhere; the report is that of the study without Slurm"

submit_study --out cluster/not-shared/study --sbatch-options "--cpus-per-task=1 --mem=300"
until_true "job $job did not end" is_in_state "$job" FAILED
line=$(head -n 1 study-on-slurm.log)
[[ "$line" == *"does not have $folder/cluster/not-shared/study/slurm/"*"storage that all nodes share" ]] || fail "it was said: $line"
said "$line"
scancel "$report"
