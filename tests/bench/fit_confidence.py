"""Fit asr_models/confidence.py: how often is a text right, given what the decoder says?

Run on speech that is used for nothing else, e.g.
    python -m tests.bench.fit_confidence --clips speech_train --model FOLDER
It prints the coefficients and how well they hold on a half of the clips that was not fitted.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.metrics import syllable_errors
from asr_models.whisper_ct2 import WhisperRecognizer
from tests.bench.clips import load_manifest, read_8k, through_phone

SNRS: tuple[float | None, ...] = (None, 20.0, 10.0, 3.0)
RIGHT_RATE = 0.2


def collect(args: argparse.Namespace) -> list[dict[str, float]]:
    recognizer = WhisperRecognizer(args.model)
    clips = load_manifest(args.clips, min_chars=2)
    chosen = random.Random(args.seed).sample(clips, args.count)
    rows = []
    for index, clip in enumerate(chosen):
        snr = SNRS[index % len(SNRS)]
        pcm = through_phone(read_8k(clip.path), snr, clip.path.name)
        if len(pcm) > 8000 * 28:
            continue
        heard = recognizer.recognize(pcm)
        if not heard.alternatives or heard.rejected:
            continue
        errors = syllable_errors(clip.text, heard.text)
        rows.append(
            {
                "score": heard.alternatives[0].score,
                "error": errors.rate,
                "snr": 99 if snr is None else snr,
            }
        )
        print(index, clip.text, "|", heard.text, file=sys.stderr)
    return rows


def fit(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Logistic regression by Newton steps, lightly regularized."""
    x = np.column_stack([np.ones(len(x)), x])
    weights = np.zeros(x.shape[1])
    ridge = np.diag([0.0, *[0.01] * (x.shape[1] - 1)])
    for _ in range(50):
        p = 1 / (1 + np.exp(-x @ weights))
        gradient = x.T @ (y - p) - ridge @ weights
        hessian = (x.T * (p * (1 - p))) @ x + ridge
        weights += np.linalg.solve(hessian, gradient)
    return weights


def report(name: str, p: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> None:
    order = np.argsort(p)
    ranks = np.empty(len(p))
    ranks[order] = np.arange(1, len(p) + 1)
    positives = y.sum()
    auc = (ranks[y == 1].sum() - positives * (positives + 1) / 2) / (
        positives * (len(y) - positives)
    )
    brier = np.mean((p - y) ** 2)
    print(f"{name}: n {len(y)}, right {y.mean():.2f}, AUC {auc:.3f}, Brier {brier:.3f}")
    for low in np.arange(0, 1, 0.2):
        cell = (p >= low) & (p < low + 0.2)
        if cell.any():
            print(f"  said {low:.1f}-{low + 0.2:.1f}: n {cell.sum()}, right {y[cell].mean():.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clips", type=Path, required=True, help="folder with manifest.tsv")
    parser.add_argument("--model", type=Path, required=True, help="Whisper folder")
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=Path, help="keep or reuse the decodes in this JSON file")
    args = parser.parse_args()
    if args.rows and args.rows.is_file():
        rows = json.loads(args.rows.read_text())
    else:
        rows = collect(args)
        if args.rows:
            args.rows.write_text(json.dumps(rows))
    x = np.array([[row["score"]] for row in rows])
    y = np.array([float(row["error"] <= RIGHT_RATE) for row in rows])
    half = np.arange(len(rows)) % 2 == 0
    weights = fit(x[half], y[half])
    held_out = 1 / (1 + np.exp(-(weights[0] + x[~half] @ weights[1:])))
    report("held out", held_out, y[~half])
    print("all rows:", np.round(fit(x, y), 3).tolist())


if __name__ == "__main__":
    main()
