"""IVF-SQ8: vectors in cells, a byte a dimension, only the nearest cells compared.

The choice from 200,000 rows on (Jégou et al. 2011, "Product quantization for nearest neighbor
search", for the inverted file; faiss for the code). The lists lie in a file of their own that is
mapped read-only: all processes of a machine share its pages, and opening costs nothing.

::

    FOLDER/cells.npz    the cells' centroids (cells, dim), the quantizer's ranges, the cells' sizes
    FOLDER/lists.bin    cell after cell: codes (size, dim) uint8, rows (size,) int64
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import faiss
import numpy as np

from voicebot.knowledge.embedder import Vectors
from voicebot.knowledge.vectors.api import EVERYTHING, NOTHING, Filter, Nearest, checked_query
from voicebot.knowledge.vectors.ivf_build import CELLS, LISTS, empty, probes
from voicebot.knowledge.vectors.labels import Labels, Masks


class IvfIndex:
    """What `ivf_build.build` wrote into `folder`. `probe`: cells compared; 0: as n asks for.

    Raises OSError or ValueError if the files are not whole.
    """

    backend = "ivf"

    def __init__(self, folder: Path, labels: Labels, *, probe: int = 0) -> None:
        self._index = _open(folder)
        if self._index.ntotal != len(labels):
            raise ValueError(f"{self._index.ntotal} vectors but {len(labels)} labels")
        self._masks = Masks(labels)
        self._probe = probe or probes(self._index.nlist)
        self.dim = int(self._index.d)

    def __len__(self) -> int:
        return len(self._masks)

    def search(self, query: Vectors, k: int, keep: Filter = EVERYTHING) -> Nearest:
        """See `VectorIndex.search`. A filter that lets few rows through reads all cells."""
        query = checked_query(query, self.dim)
        mask = self._masks.of(keep)
        passing = int(np.count_nonzero(mask))
        size = min(k, passing)
        if size <= 0:
            return NOTHING
        if passing == len(mask):
            parameters = faiss.SearchParametersIVF(nprobe=self._probe)
        else:
            wider = min(self._index.nlist, int(self._probe * len(mask) / passing) + 1)
            bits = np.packbits(mask, bitorder="little")
            selector = faiss.IDSelectorBitmap(bits)  # both must live until the search is done
            parameters = faiss.SearchParametersIVF(nprobe=wider, sel=selector)
        distances, rows = self._index.search(query[None], size, params=parameters)
        found = rows[0] >= 0
        return Nearest(rows[0][found], 1 - distances[0][found] / 2)

    def delete(self, rows: Sequence[int]) -> None:
        """See `VectorIndex.delete`."""
        self._masks.delete(rows)


def _open(folder: Path) -> faiss.IndexIVFScalarQuantizer:
    with np.load(folder / CELLS) as cells:
        centroids, ranges = cells["centroids"], cells["ranges"]
        sizes = cells["sizes"].astype(np.uint64)
    nlist, dim = centroids.shape
    index = empty(dim, nlist)
    index.quantizer.add(centroids)
    faiss.copy_array_to_vector(ranges, index.sq.trained)
    index.is_trained = True
    total = int(sizes.sum()) * (index.code_size + 8)
    path = folder / LISTS
    if len(sizes) != nlist or path.stat().st_size != total:
        raise ValueError(f"{path} has {path.stat().st_size} bytes, {total} are expected")
    lists = faiss.OnDiskInvertedLists()
    lists.nlist, lists.code_size, lists.totsize = nlist, index.code_size, total
    lists.filename, lists.read_only = str(path), True
    lists.prefetch_nthread = 0  # else every query starts and joins 32 threads
    lists.lists.resize(nlist)
    lists.set_all_lists_sizes(faiss.swig_ptr(sizes))
    lists.do_mmap()
    lists.this.disown()  # the index owns it now
    index.replace_invlists(lists, True)
    index.ntotal = int(sizes.sum())
    return index
