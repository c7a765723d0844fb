#!/usr/bin/env bash
# Names and weight of the built libraries: check_symbols.sh [folder of the libraries, default build/release]
#   exported symbols are hone_*; shared internal ones hn_* or hone_*; libhone_rt.so asks for libc, libm, pthread, xxhash
#   and PCRE2 only, which also proves that it needs nothing of the build side; and it stays small.
set -euo pipefail
cd "$(dirname "$0")/.."
libraries=${1:-build/release}
rt_budget=$((3 * 1024 * 1024))
faults=0

# complain LIBRARY REASON: each line of standard input is a symbol that breaks a rule
complain() {
    while read -r symbol; do
        echo "$1:1: $symbol: $2"
        faults=$((faults + 1))
    done
}

for name in libhone_rt libhone; do
    complain "$name.so" "exported, but not hone_*" < <(
        nm -D --defined-only "$libraries/$name.so" | awk '$2 != "A" {print $3}' | grep -v '^hone_' || true)
    complain "$name.a" "shared between files, but neither hn_* nor hone_*" < <(
        nm -g --defined-only "$libraries/$name.a" 2>/dev/null | awk 'NF == 3 {print $3}' | grep -Ev '^(hn|hone)_' |
            sort -u || true)
done
complain libhone_rt.so "needed from outside, but not of libc, libm, pthread, xxhash or PCRE2" < <(
    nm -D --undefined-only "$libraries/libhone_rt.so" | awk '$1 == "U" {print $2}' | grep -Ev '@GLIBC_|^XXH|^pcre2_' || true)

size=$(stat -L -c %s "$libraries/libhone_rt.so")
if [ "$size" -gt "$rt_budget" ]; then
    echo "libhone_rt.so:1: $size bytes, the budget is $rt_budget"
    faults=$((faults + 1))
fi
echo "symbols, libhone_rt.so $((size / 1024)) KiB: $faults faults"
[ "$faults" -eq 0 ]
