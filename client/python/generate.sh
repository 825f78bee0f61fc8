#!/usr/bin/env bash
# Writes src/patchstream/v1 from the .proto files. Needs grpcio-tools 1.76.0 (its output runs on protobuf 6.31 and newer).
set -euo pipefail
cd "$(dirname "$0")"
python="${PYTHON:-.venv/bin/python}"
"$python" -m grpc_tools.protoc --proto_path=../../proto --python_out=src --pyi_out=src patchstream/v1/data.proto
