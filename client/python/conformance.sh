#!/usr/bin/env bash
# Holds the Python client to the protocol, with the tests that hold ours: over gRPC, and what is not the same over a lane and with TLS.
# Wants the project built (`npm run build`). Makes `.venv` once.
#
#   bash client/python/conformance.sh                  everything
#   CONFORMANCE_RULES= bash client/python/conformance.sh   all rules with TLS, too
#   bash client/python/conformance.sh lying-server     only the files named
set -euo pipefail
cd "$(dirname "$0")/../.."
[ -f dist/cli/main.js ] || { echo "client/python/conformance.sh: the server is not built; run: npm run build" >&2; exit 1; }

python=client/python/.venv/bin/python
[ -x "$python" ] || python3 -m venv client/python/.venv
"$python" -m pip install --quiet --disable-pip-version-check -r client/python/requirements-dev.txt

[ $# != 0 ] || set -- \
  client-rules client-rules-over-a-lane client-rules-with-tls.slow client-rules-over-a-lane-with-tls.slow \
  replica-rules replica-rules-over-a-lane shared-wants damage lying-server bit-flips two-replicas dataset-pages lane

export PYTHONPATH=client/python/src GRPC_VERBOSITY=NONE CONFORMANCE_RULES=${CONFORMANCE_RULES-carried}
export CONFORMANCE_CLIENT="$python client/python/tests/conformance_driver.py"
files=("${@/#/dist/test/conformance/}")
exec npx --no-install ava "${files[@]/%/.test.js}"
