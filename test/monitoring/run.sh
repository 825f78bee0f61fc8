#!/usr/bin/env bash
# Runs the alert rules on the series of test/monitoring/alerts.test.yaml and parses the dashboard's expressions, with Prometheus's promtool: the one that is
# installed, or Debian's, unpacked once into `.tools`.
set -euo pipefail
cd "$(dirname "$0")/../.."

promtool=$(command -v promtool || true)
if [ -z "$promtool" ]; then
  unpacked=.tools/prometheus
  promtool="$unpacked/usr/bin/promtool"
  if [ ! -x "$promtool" ]; then
    if ! command -v apt-get dpkg >/dev/null; then
      echo "SKIPPED: no promtool here: install Prometheus"
      exit 0
    fi
    mkdir -p "$unpacked"
    if ! (cd "$unpacked" && { apt-get download prometheus || { apt-get update && apt-get download prometheus; }; } && dpkg -x prometheus_*.deb . && rm prometheus_*.deb); then
      echo "SKIPPED: no promtool here, and apt has none: install Prometheus"
      exit 0
    fi
  fi
fi

PATCHSTREAM_PROMTOOL="$promtool" npx ava dist/test/monitoring/monitoring.test.js
