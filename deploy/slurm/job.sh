# What the jobs in this folder have in common: read by them with `source`, in the batch script.

# A certificate and a token for this job alone: data servers are reached over the network of the cluster, where others are too.
# Only your own processes can read them. Made again at every start, since the job may have other nodes then.
make_secrets() {
  local nodes names
  nodes=$(scontrol show hostnames "$SLURM_JOB_NODELIST_HET_GROUP_0")
  names=$(printf 'DNS:%s,' $nodes)
  umask 077
  mkdir -p "$WORK"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj "/CN=patchstream job $SLURM_JOB_ID" \
    -addext "subjectAltName=${names%,}" -keyout "$WORK/data.key" -out "$WORK/data.pem" 2>/dev/null
  openssl rand -hex 32 >"$WORK/token"
  echo "data $(cat "$WORK/token")" >"$WORK/tokens"
}

# Sets DATA to the addresses of the data servers, NODE:PORT[,NODE:PORT]. Each has a port of its own, so that two may share a node.
find_addresses() {
  local node
  PORT=$((20000 + SLURM_JOB_ID % 10000))
  DATA=
  for node in $(scontrol show hostnames "$SLURM_JOB_NODELIST_HET_GROUP_0"); do
    DATA+=${DATA:+,}$node:$((PORT++))
  done
  PORT=$((20000 + SLURM_JOB_ID % 10000))
}

# One data server on each node of the first group, until the job ends.
start_data_servers() {
  export PATCHSTREAM STORE WORK PORT
  srun --het-group=0 --ntasks-per-node=1 --kill-on-bad-exit=0 bash -c '
    exec $PATCHSTREAM serve "$STORE" --host 0.0.0.0 --port $((PORT + SLURM_PROCID)) \
      --tls-cert "$WORK/data.pem" --tls-key "$WORK/data.key" --token-file "$WORK/tokens"' &
}

# Runs COMMAND on the nodes of the second group, and ends the job as COMMAND ends. Before the time limit (--signal=B:USR1) COMMAND gets SIGTERM, and
# when it has ended the job goes back into the queue. USR1 and not TERM: TERM comes from `scancel` too, which must not bring the job back.
train_and_requeue() {
  local trainer status=0 is_time_up=
  trap 'is_time_up=yes; scancel --signal=TERM "$SLURM_JOB_ID+1"' USR1 # not to srun: SIGTERM there kills the tasks at once
  srun --het-group=1 --ntasks-per-node=1 "$@" &
  trainer=$!
  while kill -0 "$trainer" 2>/dev/null; do # a trap ends `wait`, but not what it waits for
    status=0
    wait "$trainer" || status=$?
  done
  if [ "$is_time_up" ] && [ "$status" != 0 ]; then
    scontrol requeue "$SLURM_JOB_ID"
    sleep infinity # until Slurm ends us
  fi
  exit "$status"
}
