#!/usr/bin/env bash
# Tries the dashboard in Chromium. Wants the project built.
set -euo pipefail
cd "$(dirname "$0")/../../.."

CHROMIUM=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
if [ -z "$CHROMIUM" ]; then
  echo "SKIPPED: the dashboard in the browser, because no Chromium is here. Install it (apt-get install chromium), or name one: CHROMIUM=/path/to/chrome"
  exit 0
fi
export CHROMIUM
node --test dist/test/dashboard/browser/page.js
