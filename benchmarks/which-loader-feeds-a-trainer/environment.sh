#!/usr/bin/env bash
# Makes the peers' Python environments from PyPI: FOLDER/loaders, and FOLDER/tensorflow since the two want different numpy.
# FOLDER is `.venv` beside this file, or the argument.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$here/.venv}

make_environment() {
  [ -x "$folder/$1/bin/python" ] || python3 -m venv "$folder/$1"
  "$folder/$1/bin/python" -m pip install --quiet --disable-pip-version-check -r "$here/$2"
}
make_environment loaders requirements.txt
make_environment tensorflow requirements-tensorflow.txt
