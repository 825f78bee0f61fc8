#!/usr/bin/env bash
# The tests of the Python package that need PyTorch, and the types of what is written for it; then all others with the
# oldest grpcio, numpy, protobuf and isal that it allows. Gigabytes on the first run.
# Wants the project built (`npm run build`). Makes `.venv-torch` and `.venv-lowest` once, or takes the Python named in PYTHON.
#
#   bash client/python/test-long.sh            everything
#   bash client/python/test-long.sh tests/x    only the tests named, of those that need PyTorch
set -euo pipefail
cd "$(dirname "$0")"
[ -f ../../dist/cli/main.js ] || { echo "client/python/test-long.sh: the server is not built; run: npm run build" >&2; exit 1; }

# A virtual environment of its own with the files of requirements named; its Python is in $python.
environment() {
  python=$1/bin/python
  [ -x "$python" ] || python3 -m venv "$1"
  "$python" -m pip install --quiet --disable-pip-version-check "${@:2}"
}

if [ -n "${PYTHON:-}" ]; then
  python=$PYTHON
else
  environment .venv-torch -r requirements-dev.txt -r requirements-torch.txt
fi
npx --no-install pyright -p . --pythonpath "$python"
"$python" -m pytest -m torch "$@"
[ $# = 0 ] && [ -z "${PYTHON:-}" ] || exit 0

environment .venv-lowest -r requirements-lowest.txt
"$python" -m pytest -m "not torch"
