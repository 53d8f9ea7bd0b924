"""The bot's own words coming back in what was heard over it."""

from __future__ import annotations

from voicebot.turns.spoken_text import bare, sound

LEAST_SYLLABLES = 3
"""Fewer in a row are as well the caller's: 硬盘 is said by both."""


def without_own_words(heard: str, spoken: str) -> str:
    """`heard` (bare) without what sounds like a stretch of `spoken`, the bot's running words.

    An echo is recognized along with the caller, in the bot's words and their homophones. A caller
    who repeats three syllables of the bot's loses them here; those words are no news to it.
    """
    said = bare(heard)
    own = sound(bare(spoken))
    stretches = {own[at : at + LEAST_SYLLABLES] for at in range(len(own) - LEAST_SYLLABLES + 1)}
    sounds = sound(said)
    echoed = [False] * len(said)
    for at in range(len(said) - LEAST_SYLLABLES + 1):
        if sounds[at : at + LEAST_SYLLABLES] in stretches:
            echoed[at : at + LEAST_SYLLABLES] = [True] * LEAST_SYLLABLES
    return "".join(char for char, own_char in zip(said, echoed, strict=True) if not own_char)
