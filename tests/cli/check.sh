# `hone check` on a good model and a plan, word for word.
cp "$ROOT/models/digits/digits.onnx" .
"$HONE" check digits.onnx
"$HONE" build digits.onnx -o digits.plan --shapes images:4x1x8x8 --threads 1 --features avx2 >/dev/null
"$HONE" check digits.plan
