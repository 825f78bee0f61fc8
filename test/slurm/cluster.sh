# A cluster of three nodes on this machine, with Debian's Slurm: read with `source`. Each node has a host name and an address of its own.

# Starts it in FOLDER: nodes cpu1, gpu1 and gpu2, in partitions cpu and gpu. FOLDER/not-shared is another one on each node. Sets SLURM_CONF.
start_cluster() {
  local folder=$1 port=$((30000 + RANDOM % 2000 * 10)) node
  cluster_processes=()
  mkdir -p "$folder"/{state,log,not-shared} "$folder"/spool/{cpu1,gpu1,gpu2}
  export SLURM_CONF="$folder/slurm.conf"

  # Not the machine's own munged: its key and socket are in FOLDER.
  dd if=/dev/urandom of="$folder/munge.key" bs=128 count=1 status=none
  chmod 400 "$folder/munge.key"
  munged --foreground --force --key-file "$folder/munge.key" --socket "$folder/munge.socket" --num-threads 2 \
    --pid-file "$folder/munge.pid" --log-file "$folder/log/munged" --seed-file "$folder/munge.seed" &
  cluster_processes+=($!)

  cat >"$SLURM_CONF" <<CONF
ClusterName=onemachine
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket,cred_expire=5
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/%n.pid
SlurmctldLogFile=$folder/log/slurmctld
SlurmdLogFile=$folder/log/%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=bf_interval=1,sched_interval=1,requeue_delay=1
KillWait=10
MinJobAge=3600
ReturnToService=2
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
NodeName=cpu1 NodeAddr=127.0.0.11 Port=$((port + 1)) CPUs=2 RealMemory=1000
NodeName=gpu1 NodeAddr=127.0.0.12 Port=$((port + 2)) CPUs=2 RealMemory=1000
NodeName=gpu2 NodeAddr=127.0.0.13 Port=$((port + 3)) CPUs=2 RealMemory=1000
PartitionName=cpu Nodes=cpu1 Default=YES MaxTime=INFINITE
PartitionName=gpu Nodes=gpu1,gpu2 MaxTime=INFINITE
CONF
  printf '127.0.0.1 localhost\n127.0.0.11 cpu1\n127.0.0.12 gpu1\n127.0.0.13 gpu2\n' >"$folder/hosts"

  slurmctld -D -c &
  cluster_processes+=($!)
  for node in cpu1 gpu1 gpu2; do
    # Names and hosts are those of the node in its own namespaces; the machine's stay as they are.
    unshare --uts --mount bash -c '
      hostname "$0" && mount --bind "$1/hosts" /etc/hosts && mount -t tmpfs tmpfs "$1/not-shared" && exec slurmd -D -N "$0"' "$node" "$folder" &
    cluster_processes+=($!)
  done
  for _ in $(seq 60); do
    [ "$(sinfo -h -N -o %t 2>/dev/null | grep -c idle)" = 3 ] && return
    sleep 1
  done
  tail -n 20 "$folder"/log/*
  return 1
}

# Ends what start_cluster started, the jobs first.
stop_cluster() {
  scancel --user root 2>/dev/null || true
  local process
  for ((process = ${#cluster_processes[@]} - 1; process >= 0; process--)); do
    kill "${cluster_processes[process]}" 2>/dev/null || true
    wait "${cluster_processes[process]}" 2>/dev/null || true
  done
}
