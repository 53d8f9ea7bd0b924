"""Writing an IVF-SQ8 index in one pass over the vectors, in bounded memory.

Cells are found by k-means over a sample. Rows are encoded block by block; each block's codes go
to a temporary file sorted by cell; at the end the blocks' pieces are put together cell by cell.
Everything is written with plain writes (a full disk is an OSError, not a SIGBUS).
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
import numpy.typing as npt

from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.vectors.api import Progress, VectorSource

CELLS = "cells.npz"
LISTS = "lists.bin"
BLOCK_ROWS = 100_000
SAMPLED_ROWS = 48  # for each cell; faiss wants 39 at least
RUN_ROWS = 128  # the sample is made of runs of neighbours, spread evenly
TRAIN_ROUNDS = 8
SEED = 20261122


def cells(n: int) -> int:
    """How many cells n rows are parted into. More cells find a little more in as many rows read,
    but building costs n times their number."""
    return max(1, round(1.3 * math.sqrt(n)))


def probes(nlist: int) -> int:
    """How many of them a query reads: one in 32, at least 16."""
    return min(nlist, max(16, math.ceil(nlist / 32)))


@dataclass
class _Block:
    """The codes of one block of rows on disk, sorted by cell; `bounds` (cells + 1)."""

    path: Path
    rows: npt.NDArray[np.int64]
    bounds: npt.NDArray[np.int64]


def build(folder: Path, vectors: VectorSource, progress: Progress) -> None:
    """Write CELLS and LISTS for `vectors` into `folder`. Raises OSError."""
    n = len(vectors)
    nlist = cells(n)
    progress("train", 0, 1)
    index = _trained(_sample(vectors, nlist), nlist)
    progress("train", 1, 1)
    blocks: list[_Block] = []
    try:
        for start in range(0, n, BLOCK_ROWS):
            progress("cells", start, n)
            path = folder / f"block{len(blocks):04d}.tmp"
            blocks.append(_encoded(index, vectors[start : start + BLOCK_ROWS], start, path))
        progress("cells", n, n)
        sizes = np.stack([np.diff(block.bounds) for block in blocks]).sum(axis=0)
        _write_lists(folder / LISTS, blocks, index.code_size)
        _write_cells(folder / CELLS, index, sizes)
    finally:
        for path in folder.glob("block*.tmp"):
            path.unlink()


def empty(dim: int, nlist: int) -> faiss.IndexIVFScalarQuantizer:
    """An untrained index. Between unit vectors the cosine is 1 - (squared L2 distance) / 2."""
    coarse = faiss.IndexFlatL2(dim)
    return faiss.IndexIVFScalarQuantizer(
        coarse, dim, nlist, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2, True
    )


def _sample(vectors: VectorSource, nlist: int) -> Vectors:
    """Rows to learn from: (about SAMPLED_ROWS · nlist, dim)."""
    n, wanted = len(vectors), SAMPLED_ROWS * nlist
    if n <= wanted:
        return np.ascontiguousarray(vectors[0:n], np.float32)
    runs = math.ceil(wanted / RUN_ROWS)
    places = np.random.default_rng(SEED).integers(0, RUN_ROWS, runs)
    starts = np.linspace(0, max(n - 2 * RUN_ROWS, 0), runs).astype(int) + places
    return np.concatenate([vectors[int(s) : int(s) + RUN_ROWS] for s in starts]).astype(np.float32)


def _trained(sample: Vectors, nlist: int) -> faiss.IndexIVFScalarQuantizer:
    dim = sample.shape[1]
    index = empty(dim, nlist)
    index.cp.niter = TRAIN_ROUNDS
    index.cp.seed = SEED
    index.cp.min_points_per_centroid = 1
    index.cp.max_points_per_centroid = SAMPLED_ROWS + RUN_ROWS
    index.train(sample)
    return index


def _encoded(
    index: faiss.IndexIVFScalarQuantizer, vectors: Vectors, first: int, path: Path
) -> _Block:
    vectors = np.ascontiguousarray(vectors, np.float32)
    cell = index.quantizer.search(vectors, 1)[1][:, 0].astype(np.int64)
    codes = np.empty((len(vectors), index.code_size), np.uint8)
    index.encode_vectors(
        len(vectors), faiss.swig_ptr(vectors), faiss.swig_ptr(cell), faiss.swig_ptr(codes)
    )
    order = np.argsort(cell, kind="stable")
    with path.open("wb") as file:
        file.write(codes[order].data)
    bounds = np.searchsorted(cell[order], np.arange(index.nlist + 1)).astype(np.int64)
    return _Block(path, order + first, bounds)


def _write_lists(path: Path, blocks: list[_Block], code_size: int) -> None:
    with path.open("wb") as file:
        for piece in _pieces(blocks, code_size):
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())


def _pieces(blocks: list[_Block], code_size: int) -> Iterator[memoryview]:
    """Cell after cell: its codes of all blocks, then its row numbers."""
    codes = [
        np.memmap(block.path, np.uint8, "r", shape=(len(block.rows), code_size)) for block in blocks
    ]
    for cell in range(len(blocks[0].bounds) - 1):
        spans = [slice(b.bounds[cell], b.bounds[cell + 1]) for b in blocks]
        for mapped, span in zip(codes, spans, strict=True):
            yield np.ascontiguousarray(mapped[span]).data
        for block, span in zip(blocks, spans, strict=True):
            yield np.ascontiguousarray(block.rows[span]).data


def _write_cells(
    path: Path, index: faiss.IndexIVFScalarQuantizer, sizes: npt.NDArray[np.int64]
) -> None:
    with path.open("wb") as file:
        np.savez(
            file,
            centroids=index.quantizer.reconstruct_n(0, index.nlist),
            ranges=faiss.vector_to_array(index.sq.trained),
            sizes=sizes,
        )
        file.flush()
        os.fsync(file.fileno())
