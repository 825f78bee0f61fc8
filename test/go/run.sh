#!/usr/bin/env bash
# Builds the Go client of examples/go-client, with the code that it generates from our .proto, and asks a real server with it. Modules come from the Go module proxy; Go keeps its own caches.
set -euo pipefail
cd "$(dirname "$0")/../.."

go=$(command -v go || true)
[ -n "$go" ] || [ ! -x /usr/local/go/bin/go ] || go=/usr/local/go/bin/go
if [ -z "$go" ]; then
  echo "no Go here: the Go client cannot be built; install Go 1.25 or later" >&2
  exit 1
fi

built="$PWD/.tools/go-client"
rm -rf examples/go-client/v1
"$go" -C examples/go-client generate
"$go" -C examples/go-client vet .
"$go" -C examples/go-client build -o "$built" .

PATCHSTREAM_GO_CLIENT="$built" npx ava dist/test/conformance/go-client.test.js
