#!/usr/bin/env bash
# Installs @tensorflow/tfjs-node into FOLDER/node_modules without its own download: built against the TensorFlow libraries of the wheel
# tensorflow-cpu on PyPI. For machines that reach npm and PyPI, or mirrors of them, and nothing else. Linux x64; needs gcc, make, Python
# with pip, and Node's headers (/usr/include/node, or beside the node that runs; elsewhere node-gyp downloads them).
set -euo pipefail
if [ $# -ne 1 ]; then
  echo "usage: bash build-tfjs-node.sh FOLDER" >&2
  exit 2
fi
TFJS=4.22.0
TENSORFLOW=2.15.1 # the C interface of 2.9, for which tfjs-node was made, in a library that a wheel has by itself since 2.13

npm install --prefix "$1" --ignore-scripts --no-audit --no-fund "@tensorflow/tfjs-node@$TFJS"
package=$(cd "$1/node_modules/@tensorflow/tfjs-node" && pwd)
cd "$package"

if [ ! -e deps/lib/libtensorflow_cc.so.2 ]; then
  wheels=$(mktemp -d)
  trap 'rm -rf "$wheels"' EXIT
  python3 -m pip download --quiet --no-deps --dest "$wheels" --only-binary=:all: \
    --platform manylinux2014_x86_64 --python-version 3.11 "tensorflow-cpu==$TENSORFLOW"
  rm -rf deps
  python3 - "$wheels"/*.whl "$wheels/unpacked" <<'PYTHON'
import sys
import zipfile

wheel, folder = sys.argv[1:]
wanted = ("tensorflow/include/tensorflow/", "tensorflow/include/tsl/", "tensorflow/libtensorflow")
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(folder, [name for name in archive.namelist() if name.startswith(wanted)])
PYTHON
  mkdir -p deps/lib
  mv "$wheels/unpacked/tensorflow/include" deps/include
  mv "$wheels/unpacked/tensorflow"/libtensorflow*.so.2 deps/lib/
  ln -s libtensorflow_cc.so.2 deps/lib/libtensorflow.so
  ln -s libtensorflow_framework.so.2 deps/lib/libtensorflow_framework.so
fi

headers=()
for prefix in "$(dirname "$(dirname "$(node -p process.execPath)")")" /usr; do
  [ ${#headers[@]} -gt 0 ] || [ ! -e "$prefix/include/node/node_api.h" ] || headers=("--nodedir=$prefix")
done
npx node-pre-gyp install --build-from-source "${headers[@]}"
