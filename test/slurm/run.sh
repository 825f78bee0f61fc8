#!/usr/bin/env bash
# Brings up a cluster of Slurm on this machine and runs the jobs of deploy/slurm and a study on it. Installs Debian's Slurm where it can; where it cannot, it
# says SKIPPED and why. Wants the project built. `--keep FOLDER`: leaves logs and results there.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)

skip() {
  echo "SKIPPED: $1"
  exit 0
}

[ "$(id -u)" = 0 ] || skip "a cluster on one machine needs root (host names and addresses of its nodes)"
packages=()
command -v slurmctld slurmd sbatch munged >/dev/null || packages=(slurm-wlm munge)
command -v openssl >/dev/null || packages+=(openssl)
if [ ${#packages[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || skip "Slurm is not installed, and there is no apt-get"
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${packages[@]}"; } >/dev/null 2>&1 ||
    skip "apt-get could not install ${packages[*]}"
fi
unshare --uts --mount true 2>/dev/null || skip "no host names for nodes: unshare is not allowed here"

if [ "${1-}" = --keep ]; then folder=$(mkdir -p "$2" && cd "$2" && pwd); else folder=$(mktemp -d); fi
source "$root/test/slurm/cluster.sh"
finish() {
  local status=$?
  stop_cluster
  [ "$status" = 0 ] || tail -n 40 "$folder"/*.log "$folder"/cluster/log/* >&2
  [ "${kept-}" ] || rm -rf "$folder"
  exit "$status"
}
[ "${1-}" != --keep ] || kept=yes
trap finish EXIT
cd "$folder"

began=$SECONDS
said() { printf '%3d s  %s\n' $((SECONDS - began)) "$1"; }
fail() {
  echo "FAILED: $1" >&2
  exit 1
}

# Waits until COMMAND succeeds; fails after three minutes, saying WHAT.
until_true() {
  local what=$1 end=$((SECONDS + 180))
  shift
  until "$@"; do
    [ $SECONDS -lt $end ] || fail "$what"
    sleep 0.2
  done
}

said "a cluster of three nodes"
start_cluster "$folder/cluster" >"$folder/cluster.log" 2>&1 || fail "the cluster did not start"
sinfo -N

export PATCHSTREAM="node $root/dist/cli/main.js" STORE="$folder/store"
# Whether a training in FOLDER has taken STEP.
has_step() { grep -qs "\"step\":$2," "$1"/*/events.jsonl; }
state_of() { scontrol show job "$1" | sed -n 's/ *JobState=\([A-Z]*\).*/\1/p' | head -n 1; }
is_in_state() { [ "$(state_of "$1")" = "$2" ]; }
$PATCHSTREAM ingest "$root/examples/data/Task04_Hippocampus" "$STORE" --json >/dev/null 2>ingest.log
source "$root/test/slurm/study.sh"
source "$root/test/slurm/training.sh"
