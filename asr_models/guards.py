"""What a recognizer makes up, and how we notice: pure functions on the text.

Whisper writes something for every stretch of sound. These guards know the four ways its texts go
wrong: a loop, an echo of the prompt, a stock phrase of its training subtitles, and more text
than anyone can say in the time; and how sure it must be where it doubts that it hears speech.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

from asr_models.script import strip_punctuation

MAX_CHARS_PER_S = 9.0  # fast Mandarin is 6-7 syllables a second
_SLACK_CHARS = 4
_ECHO_MIN_CHARS = 6
# Between modulated noise (1.0 and more) and sentences at 10 dB (up to .83): docs/ears.md.
_DOUBT_PER_LOGPROB = 0.4
_LEAST_SCORE = -1.8  # below it a text is wrong in any case, whether anybody spoke or not
_MOST_DOUBT = 0.95

_STOCK = re.compile(
    "|".join(
        (
            r"(中文)?字幕(由|提供|製作|制作|组|組|志愿者|志願者|[:：by])[^，。]*",
            r"(由)?Amara\.?\s*org[^，。]*",
            r"(请|請)?不吝(点赞|點贊)[^。]*",
            r"(点赞|點贊)?[、，]?(订阅|訂閱)[、，]?(转发|轉發)[^。]*",
            r"打[赏賞]支持[^。]*",
            r"明[镜鏡]与?與?(点点|點點)?栏?欄?目?",
            r"(谢谢|謝謝|感谢|感謝)(大家|您|你|各位)?的?(观看|觀看|收看|收听|收聽)[^，。]*",
            r"优优独播剧场[^。]*",
            r"(我们|我們)?下[期集]再[见見]",
            r"(作词|作曲|编曲|詞|曲)[:： ][^，。]{1,12}",
            r"MING\s*PAO[^。]*",
        )
    ),
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Verdict:
    """`text` that may be believed; empty where `rejected` names the guard that refused it."""

    text: str
    rejected: str = ""


def is_nobody(no_speech: float, score: float) -> bool:
    """Whether Whisper's two doubts together say that nobody spoke.

    Neither is enough alone: it doubts some speech and is sure of some loops.

    Args:
        no_speech: probability of Whisper's "no speech" token, 0..1.
        score: mean log-probability a token of the text.
    """
    return no_speech - _DOUBT_PER_LOGPROB * max(score, _LEAST_SCORE) > _MOST_DOUBT


def guard(text: str, audio_ms: int, prompt: str = "") -> Verdict:
    """Run every guard over one recognized `text` of `audio_ms` of sound."""
    if not strip_punctuation(text):
        return Verdict("", "empty")
    kept = remove_stock_phrases(text)
    if not strip_punctuation(kept):
        return Verdict("", "stock phrase")
    if is_prompt_echo(kept, prompt):
        return Verdict("", "prompt echo")
    unlooped = collapse_loops(kept)
    if len(strip_punctuation(unlooped)) * 2 < len(strip_punctuation(kept)):
        return Verdict("", "repeat")  # most of it was the loop: what is left is chance
    if is_too_long(unlooped, audio_ms):
        return Verdict("", "too long")
    return Verdict(unlooped)


def remove_stock_phrases(text: str) -> str:
    """Return `text` without the subtitle phrases that Whisper learned from videos."""
    kept = _STOCK.sub("", text)
    return text if kept == text else kept.strip("，。、！？ ")


def is_prompt_echo(text: str, prompt: str) -> bool:
    """Whether `text` is a stretch of the prompt, longer than any one of its items.

    A caller may well say one word of a prompt; nobody says two of its items with the same
    comma in between. Nor is most of what they say one stretch of it that is longer than any item.
    """
    said, given = _clauses(text), _clauses(prompt)
    if len(strip_punctuation(text)) < _ECHO_MIN_CHARS or not given:
        return False
    if said == given:
        return True
    if len(said) > 1 and "，".join(said) in "，".join(given):
        return True
    written, primed = "".join(said), "".join(given)
    stretch = SequenceMatcher(None, written, primed, autojunk=False).find_longest_match().size
    return stretch > max(len(clause) for clause in given) and stretch * 2 > len(written)


def _clauses(text: str) -> list[str]:
    parts = re.split(r"[^\w]+", text.casefold())
    return [part for part in parts if part]


# A unit and how often it must follow itself: callers do say 喂喂喂 and 对对对对.
_LOOPS = (
    re.compile(r"(\w)(?:[，、 ]?\1){5,}"),
    re.compile(r"(\w{2,3})(?:[，。、 ]?\1){3,}"),
    re.compile(r"(\w[\w，、 ]{3,20}?)(?:[，。、 ]?\1){2,}"),
)
_DIGITS = frozenset("0123456789零〇一二三四五六七八九幺")


def collapse_loops(text: str) -> str:
    """Return `text` with every stretch that repeats beyond speech reduced to one unit."""
    for loop in _LOOPS:
        text = loop.sub(_one_unit, text)
    return text


def _one_unit(loop: re.Match[str]) -> str:
    """A number may well repeat its digits; anything else is reduced."""
    return loop[0] if _DIGITS.issuperset(loop[1]) else loop[1]


def is_too_long(text: str, audio_ms: int) -> bool:
    """Whether `text` has more characters than can be said in `audio_ms`.

    Latin letters count a third: a word is written with more letters than it has syllables.
    """
    chars = strip_punctuation(text)
    latin = sum(char.isascii() and char.isalpha() for char in chars)
    return len(chars) - latin * 2 / 3 > MAX_CHARS_PER_S * audio_ms / 1000 + _SLACK_CHARS
