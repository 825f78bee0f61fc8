#!/bin/bash
# What train.sbatch runs on the node of the trainer: a trainer that only this job can call, and its one training, begun or gone on with.
set -euo pipefail

folder=$(mktemp -d) # the trainer's socket is its owner's alone
address="unix:$folder/trainer.sock"
$TRAINER --listen "$address" --runs "$WORK/runs" --threads "$SLURM_CPUS_ON_NODE" \
  --data-servers "$DATA" --data-tls-ca "$WORK/data.pem" --data-token-file "$WORK/token" --data-wait 300 &
trainer=$!

# Before the time limit, or when Slurm takes the node away, it sends SIGTERM to every process here. The trainer then stops after the step in
# progress, with a checkpoint; a second SIGTERM would end it at once.
is_stopped=
trap 'is_stopped=yes' TERM

$PATCHSTREAM train --trainer "$address" --wait 300 --data "$DATA" --run "$RUN" --go-on "$WORK/training" &
train=$!
status=0
wait "$train" || status=$?
[ "$is_stopped" ] || kill -TERM "$trainer" 2>/dev/null || true
while kill -0 "$trainer" 2>/dev/null; do wait "$trainer" || true; done
kill -TERM "$train" 2>/dev/null || true
rm -rf "$folder"
exit "$status"
