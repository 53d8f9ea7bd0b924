"""Is this something to answer (a question, the report of a fault), or something that is told?

A logistic model over character n-grams, each weighted by how much oftener it stands in one kind
than in the other (Wang & Manning 2012, "Baselines and Bigrams"), and over the rules below. Its
weights are in ``query_detection.json``, with what they were fitted on;
``tests/bench/fit_query_detection.py`` writes it, from our own lines or from a company's.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voicebot.knowledge.text import fold

WEIGHTS = Path(__file__).with_name("query_detection.json")
NGRAMS = 2  # and single characters
TEXT_SCALE = 3.0  # of the n-grams' unit vector beside the rules
MAX_CHARS = 200  # of a text; longer ones are judged by their beginning
# Each is one feature: whether the pattern is found.
RULES = (
    r"怎么|怎样|如何|咋", r"什么|啥", r"为什么|为啥|为何", r"哪", r"谁", r"多少",
    r"多久|多长|多大|多重", r"几[个天块条年点次]", r"能不能|可不可以|能否|可否|行不行",
    r"是不是|是否", r"有没有", r"请问|请教|想问|问一?下", r"吗", r"呢", r"么", r"嘛", r"吧",
    r"[呀啊哇]", r"[?？]", r"区别", r"支持", r"可以", r"需要|应该",
    r"报错|错误|告警|报警|失败|故障", r"[不没][了到上出动亮通转开行]", r"[a-z]", r"[0-9]",
    r"^[我咱]", r"^[是对好嗯行]", r"了$", r"的$", r"[吗呢么嘛?？][\s。]*$",
)  # fmt: skip
_PATTERNS = tuple(re.compile(rule) for rule in RULES)
_LATIN = re.compile(r"[a-z][a-z0-9_]+")


@dataclass(frozen=True)
class Detector:
    """A fitted model. `grams` maps an n-gram to (its ratio, its ratio times its weight); `rules`
    are the weights of `rule_features` after (value - mean) / scale."""

    grams: Mapping[str, tuple[float, float]]
    rules: tuple[float, ...]
    mean: tuple[float, ...]
    scale: tuple[float, ...]
    bias: float
    threshold: float

    def probability(self, text: str) -> float:
        """How likely `text` is something to answer, 0..1."""
        found = [self.grams[gram] for gram in ngrams(text) if gram in self.grams]
        norm = math.sqrt(sum(ratio * ratio for ratio, _ in found)) or 1.0
        logit = self.bias + TEXT_SCALE * sum(weighted for _, weighted in found) / norm
        for value, weight, mean, scale in zip(
            rule_features(text), self.rules, self.mean, self.scale, strict=True
        ):
            logit += weight * (value - mean) / scale
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit))))

    def asks(self, text: str) -> bool:
        """Whether `text` is something to answer, at the threshold that was best in the fit."""
        return self.probability(text) >= self.threshold


@functools.cache
def detector() -> Detector:
    """The committed weights."""
    return from_fields(json.loads(WEIGHTS.read_text(encoding="utf-8")))


def from_fields(fields: Mapping[str, Any]) -> Detector:
    """The model whose weights are in the fields of a JSON file."""
    return Detector(
        grams={gram: (ratio, weighted) for gram, (ratio, weighted) in fields["grams"].items()},
        rules=tuple(fields["rules"]),
        mean=tuple(fields["mean"]),
        scale=tuple(fields["scale"]),
        bias=fields["bias"],
        threshold=fields["threshold"],
    )


def ngrams(text: str) -> frozenset[str]:
    """Character 1- and 2-grams between a start and an end mark, figures as 0, and Latin words."""
    folded = fold(text[:MAX_CHARS])
    run = "^" + re.sub(r"[0-9]+", "0", "".join(folded.split())) + "$"
    found = {run[i : i + n] for n in range(1, NGRAMS + 1) for i in range(len(run) - n + 1)}
    return frozenset(found | {"w:" + word for word in _LATIN.findall(folded)})


def rule_features(text: str) -> tuple[float, ...]:
    """RULES as 0 or 1, then the length in three forms and the share of Latin letters."""
    folded = fold(text[:MAX_CHARS])
    length = len(folded)
    latin = len(re.findall(r"[a-z0-9_]", folded)) / max(length, 1)
    return (
        *(float(bool(pattern.search(folded))) for pattern in _PATTERNS),
        math.log1p(length),
        float(length < 6),
        float(length > 40),
        latin,
    )
