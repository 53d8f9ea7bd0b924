"""Vectors by the million without holding them: a seeded mixture, made row block by row block.

A row is a centre (a passage's real vector where they are given, else drawn from a spectrum like
that of e5 vectors) plus noise in a few directions of the centre's neighbourhood plus a little in
all, then of norm 1. A block depends only on the seed and its number, so any slice can be made
again, and nothing is kept.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from voicebot.knowledge.embedder import Vectors

BLOCK = 1024
CENTRES = 5000
GROUPS = 64  # neighbourhoods that share their directions
LOCAL_DIM = 96
LOCAL_VARIANCE = 0.055  # of e5 passages: half the squared distance to a near neighbour
ISOTROPIC_VARIANCE = 0.01
MEAN_NORM = 0.93  # e5 vectors lie in a cone: the norm of their mean, and the rest's variance
GLOBAL_VARIANCE = 0.134


class Mixture:
    """`n` rows of `base`'s dimension. A `VectorSource`."""

    def __init__(self, n: int, seed: int, base: Vectors | None = None, dim: int = 384) -> None:
        self._n = n
        self._seed = seed
        rng = np.random.default_rng(20261122)  # the same mixture for every seed: queries fit it
        self._centres = _centres(rng, dim) if base is None else base.astype(np.float32)
        dim = self._centres.shape[1]
        decay = 1 / np.sqrt(1 + np.arange(LOCAL_DIM, dtype=np.float32) / 16)
        scale = decay * np.sqrt(LOCAL_VARIANCE / np.sum(decay**2))
        directions = [np.linalg.qr(rng.normal(size=(dim, LOCAL_DIM)))[0] for _ in range(GROUPS)]
        self._local = (np.stack(directions) * scale).astype(np.float32)  # (groups, dim, local)
        self._isotropic = np.float32(np.sqrt(ISOTROPIC_VARIANCE / dim))
        self.dim = dim

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, rows: slice) -> Vectors:
        start, stop, _ = rows.indices(self._n)
        blocks = range(start // BLOCK, -(-stop // BLOCK))
        if not blocks:
            return np.zeros((0, self.dim), np.float32)
        made = np.concatenate([self._block(number) for number in blocks])
        first = blocks.start * BLOCK
        return made[start - first : stop - first]

    def _block(self, number: int) -> Vectors:
        rng = np.random.default_rng((self._seed, number))
        group = int(rng.integers(GROUPS))  # as in a manual, neighbours speak of like things
        centre = rng.integers(0, len(self._centres) // GROUPS, BLOCK) * GROUPS + group
        found = rng.standard_normal((BLOCK, self.dim), np.float32) * self._isotropic
        found += self._centres[centre]
        found += rng.standard_normal((BLOCK, LOCAL_DIM), np.float32) @ self._local[group].T
        return _normed(found)


def _centres(rng: np.random.Generator, dim: int) -> Vectors:
    """A cone of points whose spectrum falls like that of e5 passages."""
    spectrum = 1 / (1 + np.arange(dim) / 8)
    spectrum *= (GLOBAL_VARIANCE - LOCAL_VARIANCE) / spectrum.sum()
    axes = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    mean = MEAN_NORM * axes[:, 0]
    points = (rng.normal(size=(CENTRES, dim)) * np.sqrt(spectrum)) @ axes.T
    return np.asarray(mean + points, np.float32)


def _normed(vectors: Vectors) -> Vectors:
    norms: npt.NDArray[np.float32] = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / norms
