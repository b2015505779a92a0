#!/bin/bash
# Run every Go fuzz target of the module, one after the other.
#
#   scripts/fuzz.sh 30s    each target for 30 seconds
set -euo pipefail
cd "$(dirname "$0")/.."

time=${1:?give the time for each target, such as 30s}
found=0
while IFS=: read -r file declaration; do
    target=${declaration#func }
    target=${target%%(*}
    found=1
    echo "== $target in $(dirname "$file"), $time"
    # Two fuzzing processes: a target that starts EAL does so in each of them.
    # Making an input that found something new smaller would take up to a minute otherwise, all of the time.
    go test -run='^$' -fuzz="^$target\$" -fuzztime="$time" -fuzzminimizetime=1s -parallel=2 "./$(dirname "$file")"
done < <(grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+\(' . | sed 's|^\./||' | sort)

if [ "$found" -eq 0 ]; then
    echo "fuzz: there is no fuzz target" >&2
    exit 1
fi
