"""From the reader's output to Kokoro phonemes: misaki for Chinese, a table for letters."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable

from voicebot.speech.pronunciation import teach

# Letters as the Mandarin voices say them best over the phone, chosen by ear of a recognizer
# (docs/voice.md): a mix of English and Mandarin phones, since neither alone is understood.
LETTERS: dict[str, str] = {
    "A": "ˈA", "B": "bi→", "C": "si→", "D": "ti→", "E": "ˈi→", "F": "ˈɛf", "G": "ʨi→",
    "H": "ei↗ʈʂʰɨ→", "I": "ai→", "J": "ʤei→", "K": "kʰei→", "L": "ˈɛl", "M": "ˈɛm", "N": "ˈɛn",
    "O": "ˈO", "P": "pʰˈi", "Q": "kʰju→", "R": "aɚ→", "S": "ˈɛs", "T": "tʰˈi", "U": "jˈu",
    "V": "vˈi", "W": "dˈapu→lju", "X": "ˈɛks", "Y": "wˈI", "Z": "ʣei→tɤ",
}  # fmt: skip

_RUNS = re.compile("[\u3400-\u9fff，。！？；：、]+|[A-Z]")


class Phonemes:
    """Thread-safe. Raises nothing: what has no phonemes is left out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chinese: Callable[[str], tuple[str, object]] | None = None

    def warm_up(self) -> None:
        """Load misaki and jieba's dictionary (1 to 2 s)."""
        self.of("好")

    def of(self, spoken: str) -> str:
        """Phonemes of text as `Reader.read` gives it; runs are separated by spaces."""
        return " ".join(self._run(run) for run in _RUNS.findall(spoken)).strip()

    def _run(self, run: str) -> str:
        if run in LETTERS:
            return LETTERS[run]
        with self._lock:
            if self._chinese is None:
                teach()
                from misaki.zh import ZHG2P

                self._chinese = ZHG2P()
            # misaki takes a run that begins with a stop for no Chinese at all
            stops = re.match("[，。！？；：、]*", run)
            lead = stops.group() if stops else ""
            rest = run[len(lead) :]
            return lead.translate(_STOPS) + (" " + self._chinese(rest)[0] if rest else "")


_STOPS = str.maketrans("，。！？；：、", ",.!?;:,")
