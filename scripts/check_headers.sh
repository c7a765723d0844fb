#!/usr/bin/env bash
# Each header compiles alone: those of include/hone as C and C++, the others as C. check_headers.sh [root]
set -uo pipefail
cd "${1:-$(dirname "$0")/..}"
faults=0
checked=0

# compiles LANGUAGE HEADER FLAGS...
compiles() {
    local language=$1 header=$2
    shift 2
    checked=$((checked + 1))
    local output
    if ! output=$(echo "#include \"$header\"" | ${CC:-gcc} -x "$language" - -fsyntax-only -Wall -Wextra -Werror \
        -D_GNU_SOURCE -I. -Iinclude -Isrc "$@" 2>&1); then
        echo "$header:1: does not compile alone as $language: $(grep -m1 error <<<"$output")"
        faults=$((faults + 1))
    fi
}

while IFS= read -r header; do
    compiles c "$header" -std=c17
    compiles c++ "$header" -std=c++17
done < <(find include/hone -name '*.h' 2>/dev/null | sort)

while IFS= read -r header; do
    case $header in
        *_avx2.h) isa=(-mavx2 -mfma -mf16c) ;;
        *_avx512*.h) isa=(-mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni) ;;
        *_amx.h) isa=(-mavx2 -mfma -mf16c -mavx512f -mavx512bw -mavx512vl -mavx512dq -mamx-tile -mamx-int8 -mamx-bf16) ;;
        *) isa=() ;;
    esac
    compiles c "$header" -std=c17 "${isa[@]}"
done < <(find src tools -name '*.h' 2>/dev/null | sort)

echo "headers, $checked compilations: $faults faults"
[ "$faults" -eq 0 ]
