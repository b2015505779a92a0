#!/usr/bin/env bash
# Write the configuration of the gateway, and the frames and resources of every load, for a benchmark
# with network cards. It changes nothing outside DIR.
#
#   prepare.sh DIR WIRE0 WIRE1 TUNNEL [SINK_MAC]
#
# WIRE0, WIRE1, TUNNEL are PCI addresses (0000:3b:00.0) or vdevs. WORKER and MAIN in the environment
# are CPUs, 1 and 0 if unset. The worker's CPU belongs to the NUMA node of the ports.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
	sed -n '2,/^set/{/^set/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
	exit 2
}

(($# == 4 || $# == 5)) || usage
dir=$1 wire0=$2 wire1=$3 tunnel=$4 mac=${5:-02:00:00:00:02:0a}

mkdir -p "$dir"
sed -e "s|@WORKER@|${WORKER:-1}|; s|@MAIN@|${MAIN:-0}|; s|@SINK_MAC@|$mac|" \
	-e "s|@WIRE0@|$wire0|; s|@WIRE1@|$wire1|; s|@TUNNEL@|$tunnel|" \
	"$here/gateway.toml" >"$dir/gateway.toml"
cp "$here/nothing.toml" "$dir/nothing.toml"
out=$(cd "$dir" && pwd)
(cd "$here/../.." && go run -buildvcs=false ./testbed/bench --export "$out")
