#!/usr/bin/env bash
# Reads a store from an S3 server (moto's, which checks every signature). SKIPPED where it cannot be installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=.tools/s3-venv/bin/python
[ -x "$python" ] || python3 -m venv .tools/s3-venv
if ! "$python" -m pip install --quiet --disable-pip-version-check -r test/s3/requirements.txt; then
  echo "SKIPPED: moto, the S3 server of this test, cannot be installed here"
  exit 0
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
node dist/cli/main.js ingest examples/data/Task04_Hippocampus "$folder/store" --json >/dev/null
printf '{"data":{"dataset":"Task04_Hippocampus","epochs":15,"stepsPerEpoch":10}}' >"$folder/run.json"
"$python" test/s3/check_s3.py "$folder/store" "$folder/run.json"
