"""What counts as equal: |a - b| <= rtol * max|reference| + 1e-5 for each float output, exact for the others.

Outputs behind TopK or NonMaxSuppression are rows (box, score, label): scores are compared in their order, rows as a set
matched by score, since ties may swap; rows whose score ties with the last one kept may be missing."""
import numpy as np

ATOL = 1e-5
TIE = 1e-5


class Mismatch(Exception):
    """Why two sets of outputs differ, in one line."""


def _limit(reference, rtol):
    finite = reference[np.isfinite(reference)]
    return rtol * (float(np.abs(finite).max()) if finite.size else 0.0) + ATOL


def _same_form(name, reference, output):
    if output.dtype != reference.dtype:
        raise Mismatch(f"'{name}' has type {output.dtype}, expected {reference.dtype}")
    if output.shape != reference.shape:
        raise Mismatch(f"'{name}' has shape {output.shape}, expected {reference.shape}")


def dense(name, reference, output, rtol):
    """One output, element by element."""
    _same_form(name, reference, output)
    if reference.dtype.kind != "f":
        wrong = np.flatnonzero(reference != output)
        if wrong.size:
            raise Mismatch(f"'{name}' differs in {wrong.size} of {reference.size} integers, first at {wrong[0]}")
        return
    a, b = reference.astype(np.float64).ravel(), output.astype(np.float64).ravel()
    odd = ~np.isfinite(a) | ~np.isfinite(b)
    if not np.array_equal(a[odd], b[odd], equal_nan=True):
        raise Mismatch(f"'{name}' has NaN or infinity in other places")
    error = np.where(odd, 0.0, np.abs(np.where(odd, 0.0, a) - np.where(odd, 0.0, b)))
    limit = _limit(a, rtol)
    if error.size and error.max() > limit:
        at = int(error.argmax())
        raise Mismatch(f"'{name}' is off by {error[at]:.3g} at {at} ({b[at]:.7g}, expected {a[at]:.7g}; limit {limit:.3g};"
                       f" {int((error > limit).sum())} of {error.size} beyond)")


def _match_rows(columns, rtols, scores, outputs, out_scores):
    """Greedy matching of rows; returns the indices of reference rows without a partner."""
    free = np.ones(len(out_scores), bool)
    lonely = []
    for i, score in enumerate(scores):
        near = free & (np.abs(out_scores - score) <= rtols["score"])
        for name, column in columns.items():
            distance = np.abs(outputs[name].astype(np.float64) - column[i]).reshape(len(out_scores), -1).max(axis=1)
            near &= distance <= rtols[name]
        partner = np.flatnonzero(near)
        if partner.size:
            free[partner[np.abs(out_scores[partner] - score).argmin()]] = False
        else:
            lonely.append(i)
    return lonely


def detections(reference, outputs, score_name, rtol):
    """Rows of one image: {name: array whose first axis counts rows}, matched by `score_name`."""
    scores, out_scores = reference[score_name].astype(np.float64), outputs[score_name].astype(np.float64)
    columns = {name: value.astype(np.float64) for name, value in reference.items() if name != score_name}
    limits = {name: _limit(value, rtol) if reference[name].dtype.kind == "f" else 0.0 for name, value in columns.items()}
    limits["score"] = _limit(scores, rtol) + TIE
    lonely = _match_rows(columns, limits, scores, outputs, out_scores)
    last = scores.min() if scores.size else 0.0
    lost = [i for i in lonely if scores[i] > last + limits["score"]]
    if lost:
        raise Mismatch(f"{len(lost)} of {len(scores)} detections have no partner, first row {lost[0]}"
                       f" (score {scores[lost[0]]:.6g})")


def _detection_sets(reference, outputs, score_name, rtol):
    for name, value in reference.items():
        _same_form(name, value, outputs[name])
    dense(score_name, reference[score_name], outputs[score_name], rtol)
    if reference[score_name].ndim == 1:
        return detections(reference, outputs, score_name, rtol)
    for image in range(reference[score_name].shape[0]):
        detections({k: v[image] for k, v in reference.items()}, {k: v[image] for k, v in outputs.items()}, score_name, rtol)


def outputs(reference, made, rtol=5e-5, sets=""):
    """Raise Mismatch unless `made` equals `reference`; both {name: array}."""
    if set(made) != set(reference):
        raise Mismatch(f"outputs are named {sorted(made)}, expected {sorted(reference)}")
    if sets:
        return _detection_sets(reference, made, sets, rtol)
    for name, value in reference.items():
        dense(name, value, made[name], rtol)


def cosines(a, b):
    """Cosine of each pair of rows."""
    a, b = a.astype(np.float64), b.astype(np.float64)
    return (a * b).sum(1) / np.maximum(np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1), 1e-300)
