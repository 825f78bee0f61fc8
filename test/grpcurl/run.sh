#!/usr/bin/env bash
# Asks real servers with grpcurl and grpc-health-probe. Builds both once, from the Go module proxy, into `.tools`; Go keeps its own caches.
set -euo pipefail
cd "$(dirname "$0")/../.."

grpcurl=v1.9.4
probe=v0.4.63

go=$(command -v go || true)
[ -n "$go" ] || [ ! -x /usr/local/go/bin/go ] || go=/usr/local/go/bin/go
if [ -z "$go" ]; then
  echo "no Go here: grpcurl cannot be built; install Go 1.25 or later" >&2
  exit 1
fi

built=".tools/$grpcurl-$probe"
if [ ! -x "$built/grpcurl" ] || [ ! -x "$built/grpc-health-probe" ]; then
  export GOBIN="$PWD/$built"
  "$go" install "github.com/fullstorydev/grpcurl/cmd/grpcurl@$grpcurl"
  "$go" install "github.com/grpc-ecosystem/grpc-health-probe@$probe"
fi

PATCHSTREAM_GRPC_TOOLS="$PWD/$built" npx ava dist/test/conformance/grpcurl.test.js
