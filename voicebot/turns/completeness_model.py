"""The rules, helped by a small log-linear model over the last characters of the text.

The rules decide half of all texts by words that close or open a sentence; on the rest (我想退货,
我买的手机) only the words themselves tell. The model is a few thousand weights of character and
toneless-pinyin n-grams in completeness.json, fitted by tests/bench/fit_completeness.py.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from voicebot.turns.completeness import Completeness, CompletenessJudge, Reason, RuleJudge
from voicebot.turns.spoken_text import bare, sound

TAIL = 6
_LONGEST_SUFFIX = 4
_UNDECIDED = (Reason.PLAIN, Reason.DANGLING_WORD, Reason.UNFINISHED_NUMBER)


def features(text: str) -> Iterator[str]:
    """The features of a bare text: its suffixes, the bigrams before, the last sounds, its length.

    The first character says which kind: s suffix, w whole text, p and P last one and two sounds,
    i bigram within the last `TAIL` characters, ^ beginning, l length, b bias.
    """
    yield "b"
    for size in range(1, min(_LONGEST_SUFFIX, len(text)) + 1):
        yield "s" + text[-size:]
    if len(text) <= _LONGEST_SUFFIX:
        yield "w" + text
    sounds = sound(text[-3:])
    yield "p" + "".join(sounds[-1:])
    yield "P" + "_".join(sounds[-2:])
    tail = text[-TAIL:-1]
    yield from ("i" + tail[at : at + 2] for at in range(len(tail) - 1))
    yield "^" + text[:2]
    yield f"l{min(len(text), 12)}"


@dataclass(frozen=True)
class NgramJudge:
    """Log-odds of the rules plus `share` times the model's.

    A judgement that the rules are sure of (a filler, a whole answer, a closing) is theirs alone.

    Args:
        weights: log-odds of each feature.
        share: how much the model's evidence counts beside the rules'.
    """

    weights: Mapping[str, float]
    share: float
    rules: CompletenessJudge = field(default_factory=RuleJudge)

    def judge(self, text: str) -> Completeness:
        """Judge a recognition; see `RuleJudge.judge`."""
        ruled = self.rules.judge(text)
        if ruled.reason not in _UNDECIDED:
            return ruled
        odds = math.log(ruled.score / (1 - ruled.score)) + self.share * self.evidence(text)
        reason = Reason.MODEL if ruled.reason is Reason.PLAIN else ruled.reason
        return Completeness(1 / (1 + math.exp(-odds)), reason)

    def evidence(self, text: str) -> float:
        """The model's own log-odds that `text` is whole."""
        said = bare(text)
        return sum(self.weights.get(name, 0.0) for name in features(said)) if said else 0.0


@functools.cache
def default_judge() -> CompletenessJudge:
    """The shipped model over the rules; the rules alone where it was left out of the package."""
    try:
        text = (importlib.resources.files(__package__) / "completeness.json").read_text("utf-8")
    except FileNotFoundError:
        return RuleJudge()
    data = json.loads(text)
    return NgramJudge(weights=data["weights"], share=data["share"])
