"""From written text to what Kokoro's models take: phoneme ids, a style and a speed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from voicebot.errors import WeightsError
from voicebot.speech import pronunciation
from voicebot.speech.phonemes import LETTERS, Phonemes
from voicebot.speech.reading import Reader

Feed = Mapping[str, npt.NDArray[Any]]

_MAX_PHONEMES = 509
_STYLE_SHAPE = (510, 256)
_SOUND = 128  # of a style, what is for the sound; the rest is for rhythm and pitch
# A clause is short, and the voice hurries and slurs short texts. With the rhythm of a text of 50
# phonemes more it is understood better (docs/voice.md); a quicker speed keeps it about as long.
_LONGER = 50
_AS_LONG = 1.12


class KokoroText:
    """The front end of one voice. Thread-safe.

    `folder` holds ``vocab.json`` and ``voices/<voice>.bin``. Raises WeightsError if one is
    missing or not what it should be.
    """

    def __init__(self, folder: Path, voice: str, speed: float, reader: Reader) -> None:
        self._speed, self._reader = speed, reader
        self._phonemes = Phonemes()
        self._vocab = _read_vocab(folder / "vocab.json")
        self._styles, self._style_hash = _read_styles(folder / "voices" / f"{voice}.bin")

    @property
    def identity(self) -> str:
        """Changes whenever the same text would be fed in another way; the reader apart."""
        return repr(
            (self._style_hash, self._speed, sorted(LETTERS.items()), pronunciation.identity())
        )

    def warm_up(self) -> None:
        """Load the readers' dictionaries (2 to 3 s)."""
        self._reader.warm_up()
        self._phonemes.warm_up()

    def feeds(self, text: str) -> Iterator[Feed]:
        """``tokens`` (1, n) int64, ``style`` (1, 256) and ``speed`` (1,), part by part.

        More than 509 phonemes are more than one part; a text with nothing to say has none.
        """
        spoken = self._phonemes.of(self._reader.read_plain(text))
        phonemes = [c for c in spoken if c in self._vocab]
        for part in _parts(phonemes) if phonemes else ():
            yield {
                "tokens": np.array([[0, *(self._vocab[c] for c in part), 0]], np.int64),
                "style": self._style(len(part)),
                "speed": np.array([self._speed * _AS_LONG], np.float32),
            }

    def _style(self, phonemes: int) -> npt.NDArray[np.float32]:
        """The style of a text of so many phonemes, shape (1, 256), with a longer one's rhythm."""
        row = self._styles[phonemes - 1].copy()
        row[_SOUND:] = self._styles[min(phonemes - 1 + _LONGER, _STYLE_SHAPE[0] - 1), _SOUND:]
        return np.asarray(row[None], np.float32)


def missing(path: Path) -> str:
    """What to say of a weight file that is not there."""
    return f"{path}: no such weight file; run: voicebot models fetch"


def _parts(phonemes: list[str]) -> Iterator[list[str]]:
    """Cut what is too long for the model, at a space if there is one."""
    while len(phonemes) > _MAX_PHONEMES:
        head = phonemes[:_MAX_PHONEMES]
        cut = max((i for i, c in enumerate(head) if c == " "), default=0) or _MAX_PHONEMES
        yield phonemes[:cut]
        phonemes = phonemes[cut:]
    yield phonemes


def _read_vocab(path: Path) -> dict[str, int]:
    try:
        vocab = json.loads(path.read_text(encoding="utf-8"))["vocab"]
        return {str(symbol): int(number) for symbol, number in vocab.items()}
    except OSError:
        raise WeightsError(missing(path)) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f'{path}: expected {{"vocab": {{symbol: id}}}}: {error!r}') from None


def _read_styles(path: Path) -> tuple[npt.NDArray[np.float32], str]:
    if not path.is_file():
        there = ", ".join(sorted(p.stem for p in path.parent.glob("*.bin"))) or "none"
        raise WeightsError(f"{missing(path)}; voices here: {there}")
    data = path.read_bytes()
    expected = _STYLE_SHAPE[0] * _STYLE_SHAPE[1] * 4
    if len(data) != expected:
        raise WeightsError(f"{path}: expected {expected} bytes of float32 styles, got {len(data)}")
    styles = np.frombuffer(data, "<f4").reshape(_STYLE_SHAPE).astype(np.float32)
    return styles, hashlib.sha256(data).hexdigest()
