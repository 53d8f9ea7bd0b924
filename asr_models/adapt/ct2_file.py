"""CTranslate2's model.bin, read and written as numpy arrays.

Source: CTranslate2's python/ctranslate2/specs/model_spec.py (`_serialize`), binary version 6:
little-endian; a name is a uint16 length with its closing NUL. Whisper's folders hold float16.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.errors import AsrModelError

Array = npt.NDArray[np.generic]
BINARY_VERSION = 6
_TYPES: tuple[str, ...] = ("<f4", "<i1", "<i2", "<i4", "<f2")  # CTranslate2's numbers 0 to 4


@dataclass(frozen=True)
class Ct2Model:
    """A model.bin: the spec it is of, its `variables` in the file's order, and its aliases."""

    spec: str
    revision: int
    variables: dict[str, Array]
    aliases: dict[str, str]

    def weights(self) -> dict[str, Array]:
        """The floating-point variables, without the numbers that describe the network."""
        return {n: v for n, v in self.variables.items() if v.ndim > 0 and v.dtype.kind == "f"}


def read_ct2(path: Path) -> Ct2Model:
    """Read a model.bin. Raises AsrModelError where it is none or is cut short."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise AsrModelError(f"adapt: {path} cannot be read: {error.strerror}") from None
    try:
        return _parse(data)
    except (struct.error, IndexError, UnicodeDecodeError, ValueError) as error:
        raise AsrModelError(f"adapt: {path} is no CTranslate2 model.bin: {error}") from None


def _parse(data: bytes) -> Ct2Model:
    reader = _Reader(data)
    version = reader.number("I")
    if version != BINARY_VERSION:
        raise ValueError(f"expected binary version {BINARY_VERSION}, found {version}")
    spec, revision = reader.text(), reader.number("I")
    variables = {}
    for _ in range(reader.number("I")):
        name = reader.text()
        variables[name] = reader.array()
    aliases = {}
    for _ in range(reader.number("I")):
        alias = reader.text()
        aliases[alias] = reader.text()
    return Ct2Model(spec, revision, variables, aliases)


class _Reader:
    """Takes values one after another from bytes."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    def number(self, code: str) -> int:
        (value,) = struct.unpack_from("<" + code, self._data, self._position)
        self._position += struct.calcsize("<" + code)
        return int(value)

    def text(self) -> str:
        return self._take(self.number("H"))[:-1].decode()

    def array(self) -> Array:
        shape = [self.number("I") for _ in range(self.number("B"))]
        kind = np.dtype(_TYPES[self.number("B")])
        values = np.frombuffer(self._take(self.number("I")), kind)
        return values.reshape(shape)

    def _take(self, length: int) -> bytes:
        taken = self._data[self._position : self._position + length]
        if len(taken) < length:
            raise ValueError(f"cut short: {length} bytes expected, {len(taken)} found")
        self._position += length
        return taken


def write_ct2(path: Path, model: Ct2Model) -> None:
    """Write `model` as a model.bin; the same model gives the same bytes."""
    with path.open("wb") as file:
        file.write(struct.pack("<I", BINARY_VERSION) + _text(model.spec))
        file.write(struct.pack("<II", model.revision, len(model.variables)))
        for name, values in model.variables.items():
            kind = _TYPES.index(values.dtype.newbyteorder("<").str.replace("|", "<"))
            head = struct.pack(f"<B{values.ndim}I", values.ndim, *values.shape)
            file.write(_text(name) + head + struct.pack("<BI", kind, values.nbytes))
            file.write(values.tobytes())
        file.write(struct.pack("<I", len(model.aliases)))
        for alias, name in model.aliases.items():
            file.write(_text(alias) + _text(name))


def _text(text: str) -> bytes:
    encoded = text.encode() + b"\0"
    return struct.pack("<H", len(encoded)) + encoded
