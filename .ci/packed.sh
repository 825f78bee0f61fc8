#!/usr/bin/env bash
# Installs the packed tarball as a user would and runs it on every Node version the README names.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

tarball=$(cd "$root" && npm pack --silent --ignore-scripts --pack-destination "$folder")
cd "$folder"
npm init -y >/dev/null
npm install --no-audit "./$tarball" >/dev/null
cat >smoke.mjs <<'SMOKE'
import assert from "node:assert/strict";
import { resolveSpec } from "patchstream/plan";
for (const door of ["patchstream", "patchstream/plan", "patchstream/loader", "patchstream/trainer", "patchstream/proto", "patchstream/rpc", "patchstream/browser"])
  assert.ok(Object.keys(await import(door)).length > 0, door);
assert.equal(typeof resolveSpec, "function");
SMOKE

for version in 20 22 24; do
  printf '\n-- packed, on Node %s\n' "$version"
  npx -y -p "node@$version" node --version
  run() { npx -y -p "node@$version" node "$@"; }
  cli=node_modules/patchstream/dist/cli/main.js
  run smoke.mjs
  run $cli plan --patch-size 40,56,40 --batch-size 9 --pooling 3,3,3 --mode performance --epochs 1000 >/dev/null
  run $cli ingest "$root/examples/data/Task04_Hippocampus" "store-$version" --json >/dev/null
  run $cli inspect "store-$version" --verify --json | cut -c 1-200
  printf '{"data":{"dataset":"Task04_Hippocampus","mode":"performance","epochs":15,"stepsPerEpoch":10,"seed":1}}' >run.json
  run $cli get --store "store-$version" --run run.json --step 3 --out "batch-$version" --json | cut -c 1-200
done
cmp batch-20/image.npy batch-22/image.npy
cmp batch-20/image.npy batch-24/image.npy
echo "the same batch, byte for byte, on Node 20, 22 and 24"

printf '\n-- packed, the demo\n'
mkdir empty # as a folder of runs would be; npx finds the package in the one above
cd empty
if npx patchstream demo >demo.txt 2>&1; then
  echo "the demo trained without a package for it" >&2
  exit 1
fi
want="patchstream: engine auto is not usable here: no package that can train is installed. Run: npm install onnxruntime-node"
[ "$(cat demo.txt)" = "$want" ] || { cat demo.txt; exit 1; }
ONNXRUNTIME_NODE_INSTALL=skip npm install --prefix .. --no-audit onnxruntime-node >/dev/null
npx patchstream demo --json >summary.json
node -e '
  const { meanDice, stages, seconds } = JSON.parse(fs.readFileSync("summary.json", "utf8"));
  console.log(`mean foreground Dice ${meanDice.toFixed(3)} after ${stages.length} stages, ${seconds.toFixed(0)} s`);
  process.exit(meanDice >= 0.75 ? 0 : 1);
'
