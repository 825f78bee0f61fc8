#!/usr/bin/env bash
# The tests of the Python package that need PyTorch, and the types of what is written for it. Gigabytes on the first run.
# Wants the project built (`npm run build`). Makes `.venv-torch` once, or takes the Python named in PYTHON.
set -euo pipefail
cd "$(dirname "$0")"
[ -f ../../dist/cli/main.js ] || { echo "client/python/test-long.sh: the server is not built; run: npm run build" >&2; exit 1; }

python=${PYTHON:-}
if [ -z "$python" ]; then
  python=.venv-torch/bin/python
  [ -x "$python" ] || python3 -m venv .venv-torch
  "$python" -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt -r requirements-torch.txt
fi

npx --no-install pyright -p . --pythonpath "$python"
"$python" -m pytest -m torch "$@"
