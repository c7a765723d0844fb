#!/usr/bin/env python3
"""`make demo`: the project's own digit reader, from model file to measured plan: demo.py HONE. Needs nothing but Python."""
import array
import ast
import html
import json
import os
import subprocess
import sys
import zipfile

MODEL, TESTS, FOLDER = "models/digits/digits.onnx", "models/digits/test.npz", "build/demo"
PLAN, OUTPUTS, IMAGES, GRAPH, REPORT = (f"{FOLDER}/{name}" for name in (
    "digits.plan", "outputs.npz", "images.npz", "graph.html", "report.html"))
LEAST_ACCURACY = 0.97
PROFILE = ["--min-shapes", "images:1x1x8x8", "--opt-shapes", "images:64x1x8x8", "--max-shapes", "images:64x1x8x8"]
SHADES = " ░▒▓█"
COLOUR = sys.stdout.isatty() and "NO_COLOR" not in os.environ


def paint(code, text):
    return f"\033[{code}m{text}\033[0m" if COLOUR else text


def hone(*command):
    """Standard output of one command. Ends the demo if it fails."""
    done = subprocess.run([sys.argv[1], *command], capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{done.stdout}{done.stderr}{paint('1;31', f'hone {command[0]} ended with status {done.returncode}')}")
    return done.stdout


def step(number, title, *command):
    """Announces and runs one command of the tour."""
    print(f"\n{paint('1;36', f'{number}/6 {title}')}\n{paint('2', '$ hone ' + ' '.join(command))}", flush=True)
    return hone(*command)


def show(text):
    print("\n".join(f"  {line.strip()}" if line[:2] != "  " else line for line in text.splitlines()), flush=True)


def say(text):
    print(f"  {text}", flush=True)


def read_npz(path):
    """{name: (shape, flat array)} of the float32 and int64 arrays in an .npz file."""
    arrays = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            data = archive.read(entry)
            length = int.from_bytes(data[8:10], "little")
            header = ast.literal_eval(data[10:10 + length].decode())
            values = array.array({"<f4": "f", "<i8": "q"}[header["descr"]])
            values.frombytes(data[10 + length:])
            arrays[entry.removesuffix(".npy")] = (header["shape"], values)
    return arrays


def copy_entry(source, name, target):
    """An .npz file with one array of another."""
    with zipfile.ZipFile(source) as archive, zipfile.ZipFile(target, "w") as out:
        out.writestr(f"{name}.npy", archive.read(f"{name}.npy"))


def predictions(logits):
    (rows, classes), values = logits
    return [max(range(classes), key=lambda c: values[row * classes + c]) for row in range(rows)]


def picture(images, number):
    """Eight rows of pixels, 0..1, of one test image."""
    values = images[1][number * 64:number * 64 + 64]
    return [values[row * 8:row * 8 + 8] for row in range(8)]


def show_digits(images, numbers, captions):
    pictures = [picture(images, number) for number in numbers]
    for row in range(8):
        say("  ".join("".join(SHADES[min(4, int(pixel * 4.99))] * 2 for pixel in p[row]) for p in pictures))
    say("  ".join(f"{caption:^16}" for caption in captions))


def svg(rows, caption):
    cells = "".join(f'<rect x="{x}" y="{y}" width="1" height="1" fill-opacity="{pixel:.2f}"/>'
                    for y, row in enumerate(rows) for x, pixel in enumerate(row))
    return f'<figure><svg viewBox="0 0 8 8" width="96">{cells}</svg><figcaption>{html.escape(caption)}</figcaption></figure>'


def write_report(facts, figures):
    rows = "".join(f"<tr><th>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in facts)
    with open(REPORT, "w", encoding="utf-8") as file:
        file.write(f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Hone demo: handwritten digits</title><style>
body{{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#223}}
th{{text-align:left;padding-right:2rem;font-weight:500}}td{{font-variant-numeric:tabular-nums}}figure{{display:inline-block;margin:.5rem}}
figcaption{{text-align:center;font-size:.85rem}}svg{{background:#f2f4f8}}iframe{{width:100%;height:36rem;border:1px solid #ccd}}</style>
<h1>Handwritten digits, from ONNX to a plan</h1><table>{rows}</table>
<h2>Some of the test images</h2>{''.join(figures)}
<h2>The plan</h2><p><a href="{os.path.basename(GRAPH)}">Open the graph by itself</a></p>
<iframe src="{os.path.basename(GRAPH)}"></iframe></html>\n""")


def main():
    os.makedirs(FOLDER, exist_ok=True)
    print(paint("1", "Hone reads handwritten digits") + "\nA residual CNN that this project trained (scripts/train_digits.py), "
          "on images that it has not seen before.")

    show(step(1, "Check the model", "check", MODEL))
    show(step(2, "Build a plan for 1 to 64 images at once", "build", MODEL, "-o", PLAN, *PROFILE))
    steps = json.loads(hone("inspect", PLAN, "--json"))["steps"]
    say("as " + ", ".join(part["fused"] for part in steps))

    copy_entry(TESTS, "images", IMAGES)
    tests = read_npz(TESTS)
    images, labels = tests["images"], tests["labels"][1]
    step(3, "Run it on the test images", "run", PLAN, "--inputs", IMAGES, "--outputs", OUTPUTS)
    said = predictions(read_npz(OUTPUTS)["logits"])
    wrong = [i for i, (a, b) in enumerate(zip(said, labels)) if a != b]
    accuracy = 1 - len(wrong) / len(labels)
    shown = [*range(4), *wrong[:1]]
    captions = [f"read {said[i]}" + (f", is {labels[i]}" if i in wrong else "") for i in shown]
    show_digits(images, shown, captions)
    say(paint("1;32", f"accuracy {accuracy:.2%}: {len(labels) - len(wrong)} of {len(labels)} images right"))

    compared = step(4, "Compare with the reference kernels", "compare", MODEL, PLAN, "--inputs", IMAGES, "--json")
    worst = max(output["max_abs"] for output in json.loads(compared)["outputs"])
    say(f"largest difference of any output on any image: {worst:.1e}")

    measured = step(5, "Measure it", "bench", PLAN, "--shapes", "images:1x1x8x8", "--shapes", "images:64x1x8x8",
                    "--threads", "1", "--duration", "2", "--percentile", "50,95,99", "--json")
    one, many = json.loads(measured)["measurements"]
    latency = one["latency_ms"]
    percentiles = ", ".join(f"p{p} {latency[f'p{p}']:.3f} ms" for p in (50, 95, 99))
    say(f"one image, one thread: {percentiles}")
    say(f"batches of 64: {many['items_per_second']:,.0f} images a second")

    step(6, "Draw it", "inspect", PLAN, "--html", GRAPH)
    write_report([("model", MODEL), ("plan", f"{PLAN}, {len(steps)} steps"), ("accuracy", f"{accuracy:.2%}"),
                  ("largest difference from the reference", f"{worst:.1e}"), ("one image, one thread", percentiles),
                  ("images a second, batches of 64", f"{many['items_per_second']:,.0f}")],
                 [svg(picture(images, i), f"read {said[i]}, is {labels[i]}") for i in [*range(15), *wrong]])
    say(f"report page: {paint('1', os.path.abspath(REPORT))}")
    sys.exit(accuracy < LEAST_ACCURACY)


main()
