#!/usr/bin/env bash
# Renders the chart of deploy/helm with helm, and holds it and deploy/kubernetes to the schemas in test/helm/schemas with kubeconform. Builds the
# tools once, from the Go module proxy, into `.tools`; Go keeps its own caches.
set -euo pipefail
cd "$(dirname "$0")/../.."

helm=v3.19.0
kubeconform=v0.7.0
probe=v0.4.63

go=$(command -v go || true)
[ -n "$go" ] || [ ! -x /usr/local/go/bin/go ] || go=/usr/local/go/bin/go
if [ -z "$go" ]; then
  echo "SKIPPED: no Go here: helm and kubeconform cannot be built; install Go 1.25 or later"
  exit 0
fi

built=".tools/helm-$helm-$kubeconform-$probe"
if [ ! -x "$built/helm" ] || [ ! -x "$built/kubeconform" ] || [ ! -x "$built/grpc-health-probe" ]; then
  export GOBIN="$PWD/$built"
  "$go" install "helm.sh/helm/v3/cmd/helm@$helm"
  "$go" install "github.com/yannh/kubeconform/cmd/kubeconform@$kubeconform"
  "$go" install "github.com/grpc-ecosystem/grpc-health-probe@$probe"
fi

PATCHSTREAM_HELM_TOOLS="$PWD/$built" npx ava dist/test/helm/chart.test.js
