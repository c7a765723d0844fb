#!/usr/bin/env bash
# The static analyzer: cppcheck over src and tools. A finding that is wrong is silenced at its line, with the reason:
#   /* cppcheck-suppress <id> ; why */
set -euo pipefail
cd "$(dirname "$0")/.."
# Results are kept by file, and thrown away when the settings change.
cache=build/cppcheck/$(cat scripts/analyze.sh scripts/cppcheck.cfg | cksum | cut -d' ' -f1)
mkdir -p "$cache"

# Checks of cppcheck 2.10 that are wrong here again and again: pointers inside structs passed by value, 0x1p31f read as 0,
# variables and arrays filled by the function that they are passed to, low = high = start, log(0) being minus infinity.
wrong=(returnDanglingLifetime incorrectLogicOperator legacyUninitvar uninitvar duplicateAssignExpression
    invalidFunctionArg)

cppcheck --quiet --std=c11 --language=c --enable=warning --inline-suppr --error-exitcode=1 \
    --template='{file}:{line}: {id}: {message}' --cppcheck-build-dir="$cache" -j "$(nproc)" --max-configs=1 \
    -D_GNU_SOURCE -DNDEBUG -D__x86_64__ -D__GNUC__=12 '-D_Noreturn=__attribute__((noreturn))' -I include -I src \
    --library=scripts/cppcheck.cfg --suppress=missingIncludeSystem "${wrong[@]/#/--suppress=}" src tools
