#!/usr/bin/env bash
# hosts.sh RANKS_EACH COMMAND... - runs the command by mpirun on three hosts of this machine: network
# namespaces with names, addresses and temporary folders of their own, on one bridge. Ranks of two
# hosts can reach each other by TCP alone. Needs root; 77 where that cannot be made.
set -euo pipefail

ranks_each=$1
shift
id=rf$$
folder=$(mktemp -d)

clean_up() {
  for n in 1 2 3; do
    # Whatever still runs there, such as daemons of mpirun.
    ip netns pids "$id-$n" 2>/dev/null | xargs -r kill -9 2>/dev/null || true
    ip link del "$id.$n" 2>/dev/null || true
    ip netns del "$id-$n" 2>/dev/null || true
  done
  ip link del "$id" 2>/dev/null || true
  rm -rf "$folder"
}
trap clean_up EXIT

not_run() {
  echo "NOT RUN: $1" >&2
  exit 77
}

# A third octet that no other run takes.
subnet=10.77.$(($$ % 250 + 1))

add_host() {
  local host=$id-$1
  ip netns add "$host"
  ip link add "$id.$1" type veth peer name eth0 netns "$host"
  ip link set "$id.$1" master "$id" up
  ip -n "$host" addr add "$subnet.$1/24" dev eth0
  ip -n "$host" link set eth0 up
  ip -n "$host" link set lo up
}

command -v ip >/dev/null || not_run "there is no 'ip' (iproute2)"
[ "$(id -u)" = 0 ] || not_run "network namespaces need root"
{ ip link add "$id" type bridge && ip link set "$id" up; } 2>/dev/null || not_run "no bridge can be made"
for n in 1 2 3; do
  add_host "$n" 2>/dev/null || not_run "no network namespace can be made"
done
# Nobody listens there: refused at once, unless a firewall on bridges keeps it from arriving.
reached=0
ip netns exec "$id-1" timeout 5 bash -c "</dev/tcp/$subnet.2/9" 2>/dev/null || reached=$?
[ "$reached" != 124 ] || not_run 'network namespaces on a bridge cannot reach each other'

# What mpirun takes for ssh: HOST COMMAND..., in the namespace that has this address.
cat >"$folder/enter" <<EOF
#!/usr/bin/env bash
n=\${1##*.}
shift
mkdir -p $folder/tmp\$n
exec ip netns exec $id-\$n unshare --uts bash -c "hostname host\$n; export TMPDIR=$folder/tmp\$n; \$*"
EOF
chmod +x "$folder/enter"

hosts=$subnet.1:$ranks_each,$subnet.2:$ranks_each,$subnet.3:$ranks_each
# Nothing but TCP in this subnet, and only as many ranks on each host as were asked for.
mpirun=(mpirun --allow-run-as-root --oversubscribe --host "$hosts" -n $((3 * ranks_each))
  --mca plm_rsh_agent "$folder/enter" --mca btl tcp,self,vader
  --mca btl_tcp_if_include "$subnet.0/24" --mca oob_tcp_if_include "$subnet.0/24")
printf -v words '%q ' "${mpirun[@]}" "$@"
"$folder/enter" "$subnet.1" "$words"
