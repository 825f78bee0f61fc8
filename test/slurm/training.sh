# The job of deploy/slurm: its time limit comes near, its node fails, it is cancelled. Read by run.sh.

export HERE="$root/deploy/slurm" RUN="$folder/run.json"
cat >"$RUN" <<'RUN'
{
  "data": {
    "dataset": "Task04_Hippocampus",
    "mode": "performance",
    "plan": { "patchSize": [16, 16, 16], "batchSize": 2, "pooling": [2, 2, 2] },
    "epochs": 13,
    "stepsPerEpoch": 12,
    "valSteps": 1,
    "augmentation": "nnunet-nomirror"
  },
  "training": { "baseFeatures": 4, "learningRate": 0.01, "momentum": 0.9 }
}
RUN

# As many steps and losses as a training has left in the folder of its trainings, one a line: what must be the same.
curve() {
  cat "$1"/*/events.jsonl | node -e '
    for (const line of fs.readFileSync(0, "utf8").trim().split("\n")) {
      const event = JSON.parse(line);
      if (event.kind !== "step") continue;
      const { step, stage, loss, gradientNorm, checksum } = event.step;
      console.log(JSON.stringify({ step, stage, loss, gradientNorm, checksum }));
    }'
}

said "a training without Slurm and without a disturbance"
$PATCHSTREAM serve "$STORE" --listen "unix:$folder/data.sock" --log-level silent >/dev/null &
serve=$!
$PATCHSTREAM trainer --listen "unix:$folder/trainer.sock" --runs "$folder/undisturbed" --threads 1 --log-level silent >/dev/null &
trainer=$!
$PATCHSTREAM train --trainer "unix:$folder/trainer.sock" --wait 60 --data "unix:$folder/data.sock" --run "$RUN" >/dev/null 2>&1
kill "$serve" "$trainer"
wait "$serve" "$trainer"
curve undisturbed >undisturbed.curve
[ "$(wc -l <undisturbed.curve)" = 156 ] || fail "the training took $(wc -l <undisturbed.curve) steps, not 156"

submit() { sbatch --parsable --chdir="$folder" --output=%j.log --cpus-per-task=1 --mem=300 --gres=none "$@" "$HERE/train.sbatch"; }
node_of() { scontrol show job "$1+1" | sed -n 's/ *NodeList=//p' | tail -n 1; }

job=$(submit)
runs="job-$job/runs"
until_true "job $job takes no step" has_step "$runs" 20
said "job $job trains on $(node_of "$job"): its time limit is near"
scancel --batch --signal=USR1 "$job"
until_true "job $job did not go on" has_step "$runs" 70

node=$(node_of "$job")
said "job $job trains on $node: that node fails"
# Everything on the node ends at once, as when its power is cut; nobody there can say anything.
of_node() { for uts in /proc/[0-9]*/ns/uts; do [ "$(readlink "$uts")" != "$1" ] || echo "${uts//[!0-9]/}"; done; }
daemon=$(pgrep -f "slurmd -D -N $node")
kill -KILL $(of_node "$(readlink "/proc/$daemon/ns/uts")")
scontrol update nodename="$node" state=down reason=power
until_true "job $job did not end" is_in_state "$job" COMPLETED
[ "$(node_of "$job")" != "$node" ] || fail "job $job ended on the node that had failed"
curve "$runs" >disturbed.curve
cmp undisturbed.curve disturbed.curve || fail "steps, losses or checksums differ"
said "job $job ended on $(node_of "$job"): its 156 steps have the losses, gradient norms and checksums of the undisturbed training"

scontrol show job "$job" | grep -o 'Restarts=[0-9]*' | head -n 1
job=$(submit)
until_true "job $job takes no step" has_step "job-$job/runs" 3
scancel "$job"
until_true "job $job was not cancelled" is_in_state "$job" CANCELLED
said "job $job was cancelled, and does not come back"
