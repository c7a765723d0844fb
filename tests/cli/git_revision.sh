# metadata.json names the git revision of the model, wherever git keeps it.
. "$ROOT/tests/cli/helpers.bash"
command -v git >/dev/null || { echo "no git"; exit 77; }
export GIT_CONFIG_GLOBAL=/dev/null GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b
mkdir outside
cp "$digits" outside/m.onnx
revision() {
    expect 0 build "$1" -o x.plan --shapes images:1x1x8x8
    python 'print(json.load(open("x.metadata.json")).get("git_revision"))'
}
[ "$(git rev-parse --is-inside-work-tree 2>/dev/null)" != true ] || { echo "the temporary folder is a work tree"; exit 77; }
[ "$(revision outside/m.onnx)" = None ]
git init -q repository
mkdir repository/models
cp "$digits" repository/models/m.onnx
[ "$(revision repository/models/m.onnx)" = None ] # no commit yet
git -C repository add models
git -C repository commit -qm model
head=$(git -C repository rev-parse HEAD)
[ "$(revision repository/models/m.onnx)" = "$head" ]
git -C repository pack-refs --all
[ "$(revision repository/models/m.onnx)" = "$head" ]
git -C repository worktree add -q ../linked -b other
git -C linked commit -q --allow-empty -m other
[ "$(revision linked/models/m.onnx)" = "$(git -C linked rev-parse HEAD)" ]
[ "$(revision linked/models/m.onnx)" != "$head" ]
git -C repository checkout -q --detach
[ "$(revision repository/models/m.onnx)" = "$head" ]
