#!/usr/bin/env bash
# Holds the engine tfjs-node to the tests of engines: PyTorch's gradients of every network and its optimisers, nnU-Net's losses, and
# onnxruntime-node's curves. TensorFlow's native library is not among our dependencies (its install script downloads 200 MB), so it is
# built beside a copy of the compiled tree.
set -euo pipefail
cd "$(dirname "$0")/../.."

copy="$PWD/.tools/tfjs-node"
mkdir -p "$copy"
cp package.json "$copy/"
node -e 'const fs = require("node:fs"), file = process.argv[1], { name, type, ava } = JSON.parse(fs.readFileSync(file)); fs.writeFileSync(file, JSON.stringify({ name, type, private: true, ava }))' "$copy/package.json"
bash docs/how-to/build-tfjs-node.sh "$copy"
rm -rf "$copy/dist"
cp -r dist "$copy/dist"
ln -sfn "$PWD/test" "$copy/test"

cd "$copy"
"$OLDPWD/node_modules/.bin/ava" --timeout=10m dist/test/trainer/engines/open.test.js dist/test/trainer/engines/curves.test.js dist/test/trainer/engines/losses.test.js dist/test/trainer/engines/optimizers.test.js dist/test/trainer/engines/validate.test.js dist/test/trainer/networks/golden.test.js
