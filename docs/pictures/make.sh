#!/usr/bin/env bash
# Draws the pictures of docs/explanation/how-it-works.md and of the readme's curriculum, from the sample, with the built commands.
set -euo pipefail
cd "$(dirname "$0")/../.."

patchstream() { node dist/cli/main.js "$@"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

patchstream plan --patch-size 40,56,40 --batch-size 2 --pooling 3,3,3 --mode performance --plot docs/pictures/performance.svg >"$work/plan.txt"
patchstream ingest examples/data/Task04_Hippocampus "$work/store" >"$work/ingest.txt" 2>&1
echo '{"data": {"dataset": "Task04_Hippocampus", "mode": "performance", "epochs": 15, "stepsPerEpoch": 10}}' >"$work/run.json"
patchstream preview --store "$work/store" --run "$work/run.json" --step 65 --out docs/pictures/batch-of-stage-6.png
patchstream preview --store "$work/store" --run "$work/run.json" --step 145 --out docs/pictures/batch-of-stage-14.png
chmod 644 docs/pictures/*
