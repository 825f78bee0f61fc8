#!/usr/bin/env bash
# Writes the API pages of every door of the package to out/api. Fails where an exported name has no docstring.
# typedoc does not run on TypeScript 7 yet, so it gets a TypeScript of its own, outside of this project's dependencies.
set -euo pipefail
cd "$(dirname "$0")/../.."

tool=out/typedoc
mkdir -p "$tool"
[ -d "$tool/node_modules/typedoc" ] || npm install --prefix "$tool" --no-save --no-audit --no-package-lock typedoc@0.28.20 typescript@6.0.3
"$tool/node_modules/.bin/typedoc" --options docs/api/typedoc.json
