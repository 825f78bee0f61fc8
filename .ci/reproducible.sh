#!/usr/bin/env bash
# Builds and packs the npm package twice, in two folders and with other settings of time and language: both must have the same bytes.
# With a folder, the tarball is left there. Wants `npm ci` done.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022

build() { # folder, settings
  mkdir -p "$1"
  (cd "$root" && git ls-files -z | tar --create --null --files-from=- --ignore-failed-read) | tar --extract --directory "$1"
  chmod -R go=rX "$1"
  ln -s "$root/node_modules" "$1/node_modules"
  (cd "$1" && env "${@:2}" npm run build >build.log 2>&1 && env "${@:2}" npm pack --silent --ignore-scripts >/dev/null) ||
    { cat "$1/build.log" >&2; exit 1; }
}
build "$work/one" TZ=UTC LC_ALL=C
build "$work/another/longer/path" TZ=Asia/Tokyo LC_ALL=C.UTF-8
first=("$work"/one/*.tgz) second=("$work"/another/longer/path/*.tgz)
cmp "${first[0]}" "${second[0]}"
if [ $# -gt 0 ]; then
  mkdir -p "$1"
  cp "${first[0]}" "$1/"
fi
echo "the same bytes twice: $(sha256sum <"${first[0]}" | cut -d ' ' -f 1)"
