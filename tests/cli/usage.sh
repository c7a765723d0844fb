# Help, mistyped commands and options, options without their values.
. "$ROOT/tests/cli/helpers.bash"
for command in check build run bench compare inspect; do
    expect 0 "$command" --help
    says out.txt "^usage: hone $command "
    says out.txt '--json'
    expect 0 help "$command"
    refused 'hone '"$command"' needs' "$command"
done
expect 0 help
says out.txt '^  inspect '
expect 0 --version
says out.txt '^hone [0-9]+\.[0-9]+\.[0-9]+$'
expect 2
refused 'there is no command .biuld' biuld
says err.txt 'did you mean `hone build`'
refused 'has no option --iteration' bench x --iteration 3
says err.txt 'did you mean --iterations'
refused 'did you mean --min-shapes' build x --minShapes=a:1
refused 'hone run has no option --streams' run "$digits" --streams 2
refused 'hone check has no option -o' check "$digits" -o x
refused 'threads: .many. is not a whole number' run "$digits" --threads many
refused 'rtol: .x. is not a number' compare a b --rtol=x
refused 'shapes needs a value' run "$digits" --shapes
refused 'shapes needs a value' run "$digits" --shapes --random
refused 'random takes no value' run "$digits" --random=yes
refused 'operand too many' check "$digits" "$digits"
refused 'memory-limit: .12Q. is not a number of bytes' build "$digits" -o x.plan --memory-limit 12Q
refused 'needs -o OUT.plan' build "$digits"
refused 'No such file' check nowhere.onnx
refused 'is a folder' check /
cp "$digits" -- -odd.onnx
expect 0 check -- -odd.onnx
