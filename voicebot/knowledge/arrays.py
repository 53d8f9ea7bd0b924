"""Arrays as ``.npy`` files that are mapped when they are read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt


def save_array(path: Path, array: npt.NDArray[Any]) -> None:
    """As `numpy.save`, whose OSError does not say why a disk would take no more."""
    array = np.ascontiguousarray(array)
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        file.write(array.data)


def map_array(path: Path) -> npt.NDArray[Any]:
    """A plain array over the mapped pages (indexing a memmap object costs several times more).

    Raises OSError, ValueError.
    """
    return np.asarray(np.load(path, mmap_mode="r"))
