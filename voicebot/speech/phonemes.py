"""From the reader's output to Kokoro phonemes: misaki for Chinese, a table for letters."""

from __future__ import annotations

import functools
import re

from voicebot.speech.pronunciation import syllables

# Letters as the Mandarin voices say them best over the phone, chosen by ear of a recognizer
# (docs/voice.md): a mix of English and Mandarin phones, since neither alone is understood.
LETTERS: dict[str, str] = {
    "A": "ˈA", "B": "bi→", "C": "si→", "D": "ti→", "E": "ˈi→", "F": "ˈɛf", "G": "ʨi→",
    "H": "ei↗ʈʂʰɨ→", "I": "ai→", "J": "ʤei→", "K": "kʰei→", "L": "ˈɛl", "M": "ˈɛm", "N": "ˈɛn",
    "O": "ˈO", "P": "pʰˈi", "Q": "kʰju→", "R": "aɚ→", "S": "ˈɛs", "T": "tʰˈi", "U": "jˈu",
    "V": "vˈi", "W": "dˈapu→lju", "X": "ˈɛks", "Y": "wˈI", "Z": "ʣei→tɤ",
}  # fmt: skip

_STOP_MARKS = "，。！？；：、"
_RUNS = re.compile(f"[\u3400-\u9fff{_STOP_MARKS}]+|[A-Z]")
_STOPS = str.maketrans(_STOP_MARKS, ",.!?;:,")
_SEMIVOWEL = chr(815)  # a mark below the second half of a diphthong; Kokoro was trained without


class Phonemes:
    """Thread-safe. Raises nothing: what has no phonemes is left out."""

    def warm_up(self) -> None:
        """Load misaki and jieba's dictionary (1 to 2 s)."""
        self.of("好")

    def of(self, spoken: str) -> str:
        """Phonemes of text as `Reader.read` gives it; words and letters are separated by spaces.

        After a letter there are two, which is a short rest: without it what follows a code's
        letters is understood worse.
        """
        parts = []
        for run in _RUNS.findall(spoken):
            if run in LETTERS:
                parts.append(LETTERS[run])
                continue
            part = ""
            for words in re.findall(f"[{_STOP_MARKS}]+|[^{_STOP_MARKS}]+", run):
                if words[0] in _STOP_MARKS:
                    part = part.rstrip() + words.translate(_STOPS) + " "
                else:
                    part += "".join("".join(map(_ipa, word)) + " " for word in syllables(words))
            parts.append(part.rstrip() if run[0] in _STOP_MARKS else " " + part.rstrip())
        return " ".join(parts).strip()


@functools.cache
def _ipa(syllable: str) -> str:
    """Kokoro's phonemes of numbered pinyin; empty for what is none."""
    from misaki.zh import ZHG2P

    try:
        return str(ZHG2P.py2ipa(syllable)).replace(_SEMIVOWEL, "")
    except (ValueError, AssertionError, IndexError):
        return ""
