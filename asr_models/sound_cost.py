"""What it costs to take one sound for another: 0 the same, 1 nothing in common.

Three sources: the initials and finals that accents and telephones blur (n/l, zh/z, f/h, an/ang,
in/ing, …), letters whose names rhyme (B, D, E, P; M, N; F, S, X), and `confusions.json`, what
the recognizer really wrote for what was said (how it was fitted stands in the file).
"""

from __future__ import annotations

import functools
import json
from pathlib import Path

from asr_models.sound_units import FIGURE_SOUNDS, LETTER_SOUNDS

_CONFUSIONS = Path(__file__).with_name("confusions.json")
_INITIALS = ("zh", "ch", "sh", *"bpmfvdtnlgkhjqxrzcsyw")
_NEAR_INITIALS = {
    frozenset(pair.split()): cost
    for cost, pairs in (
        (0.15, ("zh z", "ch c", "sh s", "n l")),
        (0.3, ("f h", "r l", "j d", "b p", "d t", "g k", "zh j", "ch q", "sh x", "z c", "zh ch",
               "j q", "s c", "sh ch", "m n", "x s", "q c", "j z")),
        (0.45, ("q x", "j x", "b d", "p t", "z s", "zh sh", "k h", "g h", "r n", "b m", "d l",
                "r zh", "t ch", "t q", "d j", "f s", "f x", "d g", "r z")),
    )
    for pair in pairs
}  # fmt: skip
_NEAR_FINALS = {
    frozenset(pair.split()): cost
    for cost, pairs in (
        (0.1, ("an ang", "en eng", "in ing", "ian iang", "uan uang", "un ong", "o uo", "ong eng",
               "i ei", "v u")),
        (0.25, ("en in", "eng ing", "e en", "ian an", "uo ou", "e uo", "ei en", "ie ian", "ai an",
                "u ou", "ui ei", "iu ou", "ao ou", "ai ei", "e er", "ia a", "ua a", "i e", "ie i",
                "v i", "van ian", "vn in",
                "uan an", "ong ou", "em en", "em eng", "em in", "em ing", "ef es", "em an",
                "em ian", "en ian", "ve ie", "ao iao", "iong ong", "en an", "o ou", "u o")),
        (0.4, ("a e", "a ai", "a ao", "a an", "u v", "u un", "el eu", "ef u", "es i", "i in",
               "i ian", "u iu", "es e", "em el", "en el", "ou iu", "uai ai", "ia ian", "ang ao")),
    )
    for pair in pairs
}  # fmt: skip
_SHORT_FINALS = {"iou": "iu", "uei": "ui", "uen": "un", "ien": "ian", "ueng": "ong"}
_LETTER_FAMILIES = (
    ("MN", 0.1), ("BDPT", 0.25), ("BDEGPTVCZ", 0.35), ("CGZ", 0.25), ("FSX", 0.25), ("IY", 0.3),
    ("IE", 0.3), ("AHKJ", 0.35), ("AR", 0.4), ("IR", 0.4), ("QU", 0.35), ("LOMN", 0.5),
    ("UVW", 0.45), ("FLMNSX", 0.5), ("AEI", 0.4),
)  # fmt: skip
_SCRIPT = 0.1  # a letter written with a character, or the other way round


@functools.lru_cache(maxsize=65536)
def sound_cost(said: str, written: str) -> float:
    """What it costs that `said` was written down as `written` (both as in `SoundUnit.sound`)."""
    if said == written:
        return 0.0
    if said[0] == "#" and written[0] == "#":
        return 2.0  # a figure that was heard as another is another code
    if said[0] == "@" and written[0] == "@":
        return _letters(said[1], written[1])
    crossing = _SCRIPT if "@" in (said[0], written[0]) else 0.0
    pairs = [(a, b) for a in _readings(said) for b in _readings(written)]
    return min(1.0, min((_syllables(a, b) for a, b in pairs), default=1.0) + crossing)


def _letters(said: str, written: str) -> float:
    return min((c for family, c in _LETTER_FAMILIES if said in family and written in family),
               default=1.0)  # fmt: skip


def _readings(sound: str) -> tuple[str, ...]:
    """The single syllables that `sound` may be."""
    if sound[0] == "#":
        return FIGURE_SOUNDS[sound[1]]
    if sound[0] == "@":
        return tuple(parts[0] for parts in LETTER_SOUNDS.get(sound[1], ()) if len(parts) == 1)
    return (sound,)


@functools.lru_cache(maxsize=65536)
def _syllables(said: str, written: str) -> float:
    if said == written:
        return 0.0
    fitted = _fitted().get(said, {}).get(written, 1.0)
    (a, b), (c, d) = _split(said), _split(written)
    initial = 0.0 if a == c else _NEAR_INITIALS.get(frozenset((a, c)), 0.6)
    final = 0.0 if b == d else _NEAR_FINALS.get(frozenset((b, d)), 0.6)
    return min(fitted, 1.0, initial + final)


def _split(syllable: str) -> tuple[str, str]:
    """Initial and final; y and w are no sounds of their own before i and u."""
    for initial in _INITIALS:
        if syllable.startswith(initial) and len(syllable) > len(initial):
            final = syllable[len(initial) :]
            if initial in "yw":
                if initial == "y" and final[0] == "u":
                    return "", "v" + final[1:]
                glide = {"y": "i", "w": "u"}[initial]
                final = final if final[0] in "iu" else glide + final
                return "", _SHORT_FINALS.get(final, final)
            if initial in "jqx" and final[0] == "u":
                final = "v" + final[1:]
            return initial, final
    return "", syllable


@functools.cache
def _fitted() -> dict[str, dict[str, float]]:
    costs: dict[str, dict[str, float]] = json.loads(_CONFUSIONS.read_text("utf-8"))["costs"]
    return costs
