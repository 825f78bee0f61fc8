#!/usr/bin/env bash
# Checks the Python package: style, types, tests against real servers, the generated messages, wheel and sdist.
# What needs torch is left to test-long.sh. Wants the project built (`npm run build`). Makes `.venv` once.
#
#   bash client/python/test.sh            everything
#   bash client/python/test.sh tests/x    only the tests named, after the checks of style and types
set -euo pipefail
cd "$(dirname "$0")"
[ -f ../../dist/cli/main.js ] || { echo "client/python/test.sh: the server is not built; run: npm run build" >&2; exit 1; }

python=.venv/bin/python
[ -x "$python" ] || python3 -m venv .venv
"$python" -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt

"$python" -m ruff check .
"$python" -m ruff format --check .
npx --no-install pyright -p pyright-without-torch.json --pythonpath "$python"
"$python" -m pytest -m "not torch" "$@"
[ $# = 0 ] || exit 0

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
bash generate.sh "$folder"
diff -r "$folder/patchstream/v1" src/patchstream/v1 -x __init__.py -x __pycache__ ||
  { echo "src/patchstream/v1 is not what generate.sh writes; run: bash client/python/generate.sh" >&2; exit 1; }
"$python" -m build --no-isolation --outdir "$folder/built" .
ls -l "$folder/built"
