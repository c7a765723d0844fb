#!/usr/bin/env bash
# Installs the Debian 12 packages that are missing: install_deps.sh [--tell] build|check
# As root it runs apt. Otherwise, or with --tell, it prints the line to run and exits 2. Nothing missing: silent, 0.
set -euo pipefail

# each decodes one format of the operator ImageDecoder
image_packages=(libjpeg62-turbo-dev libpng-dev libtiff-dev libwebp-dev libopenjp2-7-dev)
build_packages=(make cmake gcc g++ libc6-dev pkg-config libzip-dev libjansson-dev libxxhash-dev libpcre2-dev
    libssl-dev "${image_packages[@]}")
check_packages=(git clang clang-format cppcheck libcmocka-dev llvm libclang-rt-14-dev python3 python3-venv
    ca-certificates)

tell=no
if [ "${1:-}" = --tell ]; then tell=yes; shift; fi
case "${1:-}" in
    build) wanted=("${build_packages[@]}") ;;
    check) wanted=("${build_packages[@]}" "${check_packages[@]}") ;;
    *) echo "usage: install_deps.sh [--tell] build|check" >&2; exit 2 ;;
esac

if ! command -v dpkg-query >/dev/null; then
    echo "not a Debian system: install the equivalents of ${wanted[*]} yourself if something is missing" >&2
    exit 0
fi
missing=()
for package in "${wanted[@]}"; do
    state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$state" = installed ] || missing+=("$package")
done
[ "${#missing[@]}" -gt 0 ] || exit 0

if [ "$tell" = yes ] || [ "$(id -u)" -ne 0 ]; then
    echo "Missing packages. Run as root:" >&2
    echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 2
fi
echo "Installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt_options=(-qq -o DPkg::Lock::Timeout=300)
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get "${apt_options[@]}" update &&
    apt-get "${apt_options[@]}" install -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    exit 2
fi
