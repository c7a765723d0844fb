#!/usr/bin/env bash
# The static analyzer: cppcheck over src and tools. A finding that is wrong is silenced at its line, with the reason:
#   /* cppcheck-suppress <id> ; why */
set -euo pipefail
cd "$(dirname "$0")/.."
mkdir -p build/cppcheck
cppcheck --quiet --std=c11 --language=c --enable=warning,portability,performance --inline-suppr --error-exitcode=1 \
    --template='{file}:{line}: {id}: {message}' --cppcheck-build-dir=build/cppcheck -j "$(nproc)" --max-configs=1 \
    -D_GNU_SOURCE -DNDEBUG -D__x86_64__ -D__GNUC__=12 -I include -I src \
    --suppress=missingIncludeSystem --suppress=unusedFunction src tools
