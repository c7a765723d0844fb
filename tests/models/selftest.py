"""The harness's own checks: a judge that lets errors pass is worse than none."""
import tempfile
import unittest
from pathlib import Path

import numpy as np

import fill
import judge
import zoo
from hone_cli import profile_options, shape_text


def _detections(count=20, seed=1):
    random = np.random.default_rng(seed)
    return {"boxes": random.uniform(0, 300, (count, 4)).astype(np.float32),
            "scores": np.sort(random.uniform(0.1, 0.9, count))[::-1].astype(np.float32),
            "labels": random.integers(0, 80, count)}


class Judge(unittest.TestCase):
    def setUp(self):
        self.a = {"y": np.linspace(-4, 4, 101, dtype=np.float32)}

    def refused(self, made, reference=None, **options):
        with self.assertRaises(judge.Mismatch):
            judge.outputs(reference or self.a, made, **options)

    def test_tolerance_is_relative_to_the_largest_value(self):
        judge.outputs(self.a, {"y": self.a["y"] + np.float32(2.0e-4)})
        self.refused({"y": self.a["y"] + np.float32(2.2e-4)})
        judge.outputs(self.a, {"y": self.a["y"] + np.float32(3e-3)}, rtol=1e-3)

    def test_form_is_compared(self):
        self.refused({"z": self.a["y"]})
        self.refused({"y": self.a["y"].astype(np.float64)})
        self.refused({"y": self.a["y"][None]})
        self.refused({"y": self.a["y"], "z": self.a["y"]})

    def test_nan_is_seen(self):
        broken = self.a["y"].copy()
        broken[3] = np.nan
        self.refused({"y": broken})
        self.refused(self.a, {"y": broken})
        judge.outputs({"y": broken}, {"y": broken.copy()})
        broken[3] = np.inf
        self.refused({"y": -broken}, {"y": broken})

    def test_integers_are_exact(self):
        self.refused({"y": np.array([1, 2, 4])}, {"y": np.array([1, 2, 3])})

    def test_empty_outputs_are_equal(self):
        judge.outputs({"y": np.zeros((0, 4), np.float32)}, {"y": np.zeros((0, 4), np.float32)})


class Sets(unittest.TestCase):
    def test_ties_may_swap(self):
        a = _detections()
        a["scores"][4] = a["scores"][5]
        order = [*range(4), 5, 4, *range(6, 20)]
        judge.outputs(a, {name: value[order] for name, value in a.items()}, sets="scores")

    def test_rows_that_do_not_tie_may_not_swap(self):
        a = _detections()
        b = {name: value.copy() for name, value in a.items()}
        for name in ("boxes", "labels"):
            b[name][[4, 5]] = b[name][[5, 4]]
        with self.assertRaises(judge.Mismatch):
            judge.outputs(a, b, sets="scores")

    def test_wrong_box_or_label_is_seen(self):
        for name, change in (("boxes", 1.0), ("labels", 1)):
            a = _detections()
            b = {key: value.copy() for key, value in a.items()}
            b[name][2] += change
            with self.assertRaises(judge.Mismatch):
                judge.outputs(a, b, sets="scores")

    def test_each_image_of_a_batch_is_matched_alone(self):
        a = {name: np.stack([value, value]) for name, value in _detections().items()}
        b = {name: value.copy() for name, value in a.items()}
        judge.outputs(a, b, sets="scores")
        b["boxes"][1, 7] += 5
        with self.assertRaises(judge.Mismatch):
            judge.outputs(a, b, sets="scores")

    def test_last_rows_that_tie_may_be_missing(self):
        a = _detections()
        a["scores"][-2:] = a["scores"][-2]
        b = {name: value.copy() for name, value in a.items()}
        b["boxes"][-1] += 50
        judge.outputs(a, b, sets="scores")


class Filler(unittest.TestCase):
    def test_drawn_bytes_are_those_of_the_table(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in ("if_loop", "smallcnn_dynamic", "mobilenet_v3_small"):
                fill.fill(name, folder)

    def test_other_bytes_are_refused(self):
        table = fill.sums
        try:
            fill.sums = lambda: {name: "0" * 64 for name in table()}
            with tempfile.TemporaryDirectory() as folder, self.assertRaises(fill.FillError):
                fill.fill("if_loop", folder)
            self.assertFalse(list(Path(folder).parent.glob("if_loop.*")))
        finally:
            fill.sums = table


class Table(unittest.TestCase):
    def test_there_are_38_models(self):
        self.assertEqual(len(zoo.models()), 38)

    def test_every_dynamic_shape_is_in_a_profile_and_the_outer_one_in_none(self):
        dynamic = [model for model in zoo.models() if model.profiles]
        self.assertGreaterEqual(len(dynamic), 10)
        for model in dynamic:
            self.assertEqual((len(model.others), len(model.profiles)), (3, 2), model.name)
            for shapes in model.others:
                self.assertTrue(any(_holds(profile, shapes) for profile in model.profiles), (model.name, shapes))
            self.assertFalse(any(_holds(profile, model.outside) for profile in model.profiles), model.name)
            for profile in model.profiles:
                self.assertTrue(_holds(profile, profile[1]), model.name)

    def test_shape_options(self):
        self.assertEqual(shape_text({"x": (8, 16), "steps": ()}), "x:8x16,steps:")
        self.assertEqual(profile_options([({"x": (1,)}, {"x": (2,)}, {"x": (3,)})]),
                         ["--profile", "0", "--min-shapes=x:1", "--opt-shapes=x:2", "--max-shapes=x:3"])


def _holds(profile, shapes):
    lowest, _, highest = profile
    return all(low <= extent <= high for name, extents in shapes.items()
               for low, extent, high in zip(lowest[name], extents, highest[name]))
