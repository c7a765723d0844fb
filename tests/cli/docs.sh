# docs/commands.md is what `hone help --markdown` prints.
"$HONE" help --markdown | diff -u "$ROOT/docs/commands.md" -
