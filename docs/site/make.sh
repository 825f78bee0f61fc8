#!/usr/bin/env bash
# Builds the documents as a site of plain files in out/site/html, and checks every link in it. Needs a built package (`npm run build`).
# DOCS_BASE: the path under which the site will lie, such as /patchstream/. Default: /.
set -euo pipefail
cd "$(dirname "$0")/../.."

site=out/site # not in docs/: what is installed there would go into the package, and its Markdown would be taken for ours
mkdir -p "$site/.vitepress"
cp docs/site/package.json docs/site/package-lock.json docs/site/typedoc.json "$site"
if ! cmp -s "$site/package-lock.json" "$site/node_modules/.installed-lock"; then
  npm ci --prefix "$site" --no-audit --no-fund --ignore-scripts
  cp "$site/package-lock.json" "$site/node_modules/.installed-lock"
fi
rm -rf "$site/pages" "$site/html" "$site/.vitepress/theme"
cp docs/site/config.mjs docs/site/side-bar.mjs "$site/.vitepress"
cp -r docs/site/theme "$site/.vitepress/theme"

node docs/site/stage-pages.mjs "$site/pages"
node docs/site/reference/command-line.mjs >"$site/pages/docs/reference/command-line.md"
node docs/site/reference/messages.mjs >"$site/pages/docs/reference/messages.md"
"$site/node_modules/.bin/typedoc" --options "$site/typedoc.json" --out "$site/pages/public/api"
"$site/node_modules/.bin/vitepress" build "$site"

node docs/site/nothing-from-elsewhere.mjs "$site/html"
base=${DOCS_BASE:-/}
"$site/node_modules/.bin/linkinator" ".$base" --server-root "$site/html" --recurse --check-css --check-fragments \
  --skip '^https?://(?!localhost)' --skip '/api/' --verbosity error
echo "the site is in $site/html"
