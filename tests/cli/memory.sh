# With less and less memory: a result or an error with status 2, never a crash, and nothing half-written.
. "$ROOT/tests/cli/helpers.bash"
"$HONE" build "$digits" -o good.plan --shapes images:64x1x8x8 --threads 1 >/dev/null
least=4000 # what the program needs to start
until (ulimit -v $least; exec "$HONE" --version) >/dev/null 2>&1; do least=$((least + 20)); done
good=0 refused=0
limited() {
    local kilobytes=$1 status=0
    shift
    (ulimit -v "$kilobytes"; exec "$HONE" "$@") >out.txt 2>err.txt || status=$?
    case $status in
        0) good=$((good + 1)) ;;
        2) refused=$((refused + 1)); says err.txt '^error: ' ;;
        *) cat err.txt >&2; die "hone $* with $kilobytes KB: status $status" ;;
    esac
    [ $status = 0 ] || [ ! -e x.plan ] || die "a failed build left a plan"
    [ -z "$(find . -name '*.part-*')" ] || die "a temporary file is left"
    rm -f x.plan x.metadata.json x.npz
}
for ((kilobytes = least; kilobytes < least + 9000; kilobytes += 60)); do
    limited $kilobytes build "$digits" -o x.plan --shapes images:64x1x8x8 --threads 1
    limited $kilobytes run good.plan --random --outputs x.npz --threads 1
done
[ $good -gt 10 ] && [ $refused -gt 10 ] || die "$good good, $refused refused: the limits test nothing"
