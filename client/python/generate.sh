#!/usr/bin/env bash
# Writes patchstream/v1 from the .proto files, into src or the folder named.
set -euo pipefail
cd "$(dirname "$0")"
into=${1:-src}

python=.venv-generate/bin/python
[ -x "$python" ] || python3 -m venv .venv-generate
"$python" -m pip install --quiet --disable-pip-version-check -r requirements-generate.txt
"$python" -m grpc_tools.protoc --proto_path=../../proto --python_out="$into" --pyi_out="$into" patchstream/v1/data.proto patchstream/v1/trainer.proto
