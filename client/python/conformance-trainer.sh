#!/usr/bin/env bash
# Holds the PyTorch trainer to what the trainer promises (docs/reference/trainer.md), with the tests that hold ours.
# Wants the project built (`npm run build`). Makes `.venv-torch` once, or takes the Python named in PYTHON.
#
#   bash client/python/conformance-trainer.sh                  everything
#   bash client/python/conformance-trainer.sh service/calls    only the files named, of dist/test/trainer
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -f dist/cli/main.js ] || { echo "client/python/conformance-trainer.sh: the server is not built; run: npm run build" >&2; exit 1; }

python=${PYTHON:-client/python/.venv-torch/bin/python}
if [ -z "${PYTHON:-}" ]; then
  [ -x "$python" ] || python3 -m venv client/python/.venv-torch
  "$python" -m pip install --quiet --disable-pip-version-check \
    -r client/python/requirements-dev.txt -r client/python/requirements-torch.txt
fi

[ $# != 0 ] || set -- \
  held-out service/calls service/damaged service/data-servers service/full-disk service/log service/resume service/side-by-side.slow \
  service/unix-socket service/watchers client/calls client/watch process/crash

export PYTHONPATH=client/python/src GRPC_VERBOSITY=NONE
export CONFORMANCE_TRAINER="$python -m patchstream.trainer --engine torch"
files=("${@/#/dist/test/trainer/}")
exec npx --no-install ava --timeout 10m --concurrency 1 "${files[@]/%/.test.js}"
