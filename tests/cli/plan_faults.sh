# Damaged plans and metadata that do not belong to them.
. "$ROOT/tests/cli/helpers.bash"
expect 0 build "$digits" -o d.plan --shapes images:1x1x8x8
expect 0 check d.plan
[ ! -s err.txt ]
head -c 1000 d.plan >short.plan
refused 'truncated' run short.plan --random
cp d.plan weights.plan
cp d.metadata.json weights.metadata.json
size=$(stat -c %s d.plan)
printf '\377' | dd of=weights.plan bs=1 seek=$((size - 5000)) conv=notrunc status=none
cmp -s d.plan weights.plan && die "the byte did not change"
refused 'damaged' check weights.plan
refused 'damaged' run weights.plan --random --verify-weights
expect 0 run weights.plan --random
cp d.plan table.plan
printf '\377' | dd of=table.plan bs=1 seek=600 conv=notrunc status=none
refused 'damaged' run table.plan --random
cp d.plan version.plan
printf '\077' | dd of=version.plan bs=1 seek=8 conv=notrunc status=none
refused 'format version 63, this library reads' check version.plan

mv d.metadata.json away.json
expect 0 run d.plan --random
says err.txt '^warning: d.metadata.json is missing'
expect 0 bench d.plan --iterations 1 --duration 0 --warm-up 0
says err.txt '^warning: d.metadata.json is missing'
for change in 's/"opset": "17"/"opset": "16"/' 's/"model_sha256": "./"model_sha256": "x/' 's/"library_version": "/"library_version": "9/' \
    's/"profiles": "1"/"profiles": "2"/'; do
    sed "$change" away.json >d.metadata.json
    for command in check "run --random" bench; do
        set -- $command
        expect 2 "$1" d.plan "${@:2}"
        says err.txt '^error: d.metadata.json contradicts the plan'
    done
done
echo '{' >d.metadata.json
refused 'is not JSON' check d.plan
