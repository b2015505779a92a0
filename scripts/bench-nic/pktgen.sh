#!/usr/bin/env bash
# Send one of the gateway's benchmark loads with Pktgen-DPDK: port 0 plays the capture into wire0, port 1
# counts what leaves wire1.
#
#   pktgen.sh CAPTURE PORT0 PORT1 [CPUS]
#
# PORT0 and PORT1 are PCI addresses; CPUS is main,port0,port1 (0,2,4 if absent). In its prompt:
# set 0 rate PERCENT; start 0; stop 0; page stats. What the rates are percent of is the speed of the link.
set -euo pipefail

if (($# < 3 || $# > 4)); then
	sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
	exit 2
fi
IFS=, read -r main cpu0 cpu1 <<<"${4:-0,2,4}"
exec pktgen -l "$main,$cpu0,$cpu1" --main-lcore "$main" -n 4 -a "$2" -a "$3" --file-prefix pktgen -- \
	-P -m "[$cpu0].0,[$cpu1].1" -s "0:$1"
