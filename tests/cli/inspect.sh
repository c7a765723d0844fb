# Text, JSON and the page, for models and plans, bodies of control flow included.
. "$ROOT/tests/cli/helpers.bash"
expect 0 build "$digits" -o d.plan --shapes images:4x1x8x8 --threads 1
expect 0 inspect d.plan
says out.txt '^  0 +Conv\+Relu +f32_conv +cpu +float32 4×24×8×8 '
expect 0 inspect "$digits"
says out.txt '^  images  float32  batch×1×8×8$'
expect 0 inspect "$digits" --json
python 'r = json.load(open("out.txt")); assert r["kind"] == "model" and len(r["nodes"]) == 24 and r["operators"][0]["count"] == 6
assert r["inputs"] == [{"name": "images", "dtype": "float32", "shape": ["batch", 1, 8, 8]}] and r["metadata"]["accuracy"]'
expect 0 bench d.plan --iterations 1 --duration 0 --warm-up 0 --export-profile p.json
branches=$ROOT/tests/data/runtime/branches.onnx
expect 0 build "$branches" -o b.plan
for source in d.plan "$digits" b.plan "$branches"; do
    expect 0 inspect "$source" --html page.html
    [ ! -s out.txt ]
    "$PYTHON" - "$source" <<'PY'
import html.parser, json, re, sys
text = open("page.html", encoding="utf-8").read()
class Page(html.parser.HTMLParser):
    open_, tags, data, on = [], [], "", False
    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "input", "path", "rect"): self.open_.append(tag)
        self.on = dict(attrs).get("id") == "data"
    def handle_endtag(self, tag):
        if tag in ("meta", "input", "path", "rect"): return
        assert self.open_.pop() == tag, (tag, self.getpos())
    def handle_data(self, data):
        if self.on: self.data += data; self.on = False
page = Page(); page.feed(text)
assert not page.open_, page.open_
assert not re.search(r"(src|href)=|@import|url\((?!#)", text), "the page wants something from elsewhere"
nodes = json.loads(page.data)["nodes"]
boxes = [a for t, a in page.tags if t == "g"]
drawn = {int(b["data-step"]) for b in boxes} - {-1}
assert drawn == set(range(len(nodes))), "steps are missing in the drawing"
assert len({(b["transform"]) for b in boxes}) == len(boxes) or "branches" in sys.argv[1] or "b.plan" in sys.argv[1], "boxes lie on one another"
joined = {x for t, a in page.tags if t == "path" and a.get("class") == "e" for x in (a["data-a"], a["data-b"])}
if sys.argv[1].endswith(("d.plan", "digits.onnx")):
    assert joined == {b["data-id"] for b in boxes}, "a box without a line"
PY
done
expect 0 inspect d.plan --html page.html --times p.json
says page.html 'class="heat"'
says page.html '"time_ms":'
refused 'belongs to --html' inspect d.plan --times p.json
refused 'holds no step times' inspect d.plan --html x.html --times "$digits"
refused 'No such file' inspect d.plan --html nowhere/x.html
