#!/usr/bin/env bash
# Holds what patchstream wrote against independent readers: the store with zarr-python, batches with numpy.
# Makes `.venv` once, from the pinned requirements.
set -euo pipefail
cd "$(dirname "$0")/../.."

python=.venv/bin/python
[ -x "$python" ] || python3 -m venv .venv
"$python" -m pip install --quiet --disable-pip-version-check -r test/python/requirements.txt

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cli() { node dist/cli/main.js "$@"; }

cli ingest examples/data/Task04_Hippocampus "$folder/store" --json >/dev/null
"$python" test/python/read_store.py "$folder/store"

# A second generation, of which some cases lie beside the first's.
cp -r examples/data/Task04_Hippocampus "$folder/raw"
"$python" - "$folder/raw/imagesTr/hippocampus_003_0000.nii.gz" <<'PYTHON'
import gzip, sys
voxels = bytearray(gzip.open(sys.argv[1]).read())
voxels[400:4000:7] = bytes(len(voxels[400:4000:7]))
gzip.open(sys.argv[1], "wb").write(bytes(voxels))
PYTHON
cp -r "$folder/store" "$folder/changed"
cli ingest "$folder/raw" "$folder/changed" --name Task04_Hippocampus --force --json >/dev/null
"$python" test/python/read_store.py "$folder/changed"

for mode in performance efficiency; do
  [ "$mode" = efficiency ] && deep=true || deep=false
  printf '{"data":{"dataset":"Task04_Hippocampus","mode":"%s","deepSupervision":%s,"augmentation":"none","epochs":15,"stepsPerEpoch":10,"seed":7}}' "$mode" "$deep" >"$folder/run.json"
  for step in 0 25 77 110 149; do
    cli get --store "$folder/store" --run "$folder/run.json" --step "$step" --out "$folder/$mode-$step" --json >/dev/null
    "$python" test/python/check_get.py "$folder/store" "$folder/$mode-$step"
  done
done

# The program of docs/how-to/look-at-a-batch.md, beside what its commands leave.
mkdir "$folder/stores"
ln -s "$folder/store" "$folder/stores/hippocampus"
ln -s "$folder/performance-149" "$folder/batch"
sed -n '/^```python$/,/^```$/p' docs/how-to/look-at-a-batch.md | sed '/^```/d' >"$folder/program.py"
python=$PWD/$python
(cd "$folder" && "$python" program.py)
