# Sourced by the tests here: running the command, and saying what is wrong.
PYTHON=${PYTHON:-$ROOT/build/venv/bin/python}
digits=$ROOT/models/digits/digits.onnx
images=$ROOT/models/digits/test.npz

die() { echo "$*" >&2; exit 1; }

# expect STATUS hone-arguments...: the exit status must be STATUS; output goes to out.txt and err.txt.
expect() {
    local wanted=$1 got=0
    shift
    "$HONE" "$@" >out.txt 2>err.txt || got=$?
    [ "$got" = "$wanted" ] || { cat err.txt >&2; die "hone $*: status $got, $wanted expected"; }
}

# says FILE PATTERN: the file has a line that matches.
says() { grep -Eq -- "$2" "$1" || { cat "$1" >&2; die "no line in $1 matches: $2"; }; }
silent_about() { ! grep -Eq -- "$2" "$1" || { cat "$1" >&2; die "$1 should not say: $2"; }; }

# refused PATTERN hone-arguments...: status 2, an `error:` line that matches, and not a file more than before.
refused() {
    local pattern=$1 before
    shift
    before=$(find . -type f ! -name out.txt ! -name err.txt | sort)
    expect 2 "$@"
    says err.txt '^error: '
    says err.txt "$pattern"
    [ "$before" = "$(find . -type f ! -name out.txt ! -name err.txt | sort)" ] || die "hone $*: something was left behind"
}

# python CODE ARGUMENTS...: numpy as np; sys.argv[1:] are the arguments.
python() { local code=$1; shift; "$PYTHON" -c "import sys, json, numpy as np; a = sys.argv[1:]"$'\n'"$code" "$@"; }
