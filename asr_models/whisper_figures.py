"""Figures and letters alone: what else a clip may say where a number is being dictated.

Whisper writes words, and takes 四八五幺 for some. Where figures are awaited a second search may
write only figures, letters and commas. It is believed where it is sure among those: where a
caller says words (我不知道, 等一下), none of the figures fits.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence

from asr_models.spoken_codes import SPOKEN_DIGITS
from asr_models.whisper_weights import WhisperWeights

# The mean log-probability a token, among figures: fitted on dictated groups and on answers that are
# none, rendered and spoken by people (docs/ears.md).
_SURE = -0.6
_FEWEST = 2  # the sound of a 对 may be taken for any figure
_MOST_PER_S = 5.0  # more of them are a loop
_END = "<|endoftext|>"
_SIGNS = "0123456789" + "".join(SPOKEN_DIGITS) + string.ascii_uppercase
_SIGN = re.compile(f"[{_SIGNS}]")


class FigureTokens:
    """The tokens of a model that are a figure, a letter or a comma, and the end. Immutable."""

    def __init__(self, weights: WhisperWeights) -> None:
        known = map(weights.id_of, (*_spelled(), _END))
        ids = {token for token in known if token is not None}
        kept = set(weights.vocabulary.to_model(ids))
        self._allowed = frozenset(ids)
        self.suppressed = [token for token in range(len(weights.vocabulary)) if token not in kept]
        """Those that a search for figures must not write, in the model's numbering."""

    def are(self, ids: Sequence[int]) -> bool:
        """Whether a reading of the tokenizer's `ids` has nothing else."""
        return self._allowed.issuperset(ids)


def _spelled() -> list[str]:
    return [space + sign for sign in (*_SIGNS, ",", "，") for space in ("", " ")]


def in_groups(text: str) -> str:
    """`text` as it was grouped: `1 8 4 4` and `6,3,3` are one group each, `372，558` are two."""
    pieces = [piece.replace(" ", "") for piece in re.split("[,，]", text)]
    pieces = [piece for piece in pieces if piece]
    return "".join(pieces) if all(len(piece) == 1 for piece in pieces) else "，".join(pieces)


def is_number(text: str, score: float, audio_ms: int) -> bool:
    """Whether a search for figures that wrote `text` with `score` may be believed."""
    signs = len(_SIGN.findall(text))
    return score >= _SURE and _FEWEST <= signs <= _MOST_PER_S * audio_ms / 1000
