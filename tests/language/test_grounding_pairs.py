"""How well the grounding check tells rewordings from inventions: pairs written for it by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from voicebot.language.grounding import ungrounded


@dataclass(frozen=True)
class Pair:
    passage: str
    sentence: str
    borne_out: bool


def pairs() -> list[Pair]:
    found, passage = [], ""
    text = Path(__file__).with_name("grounding_pairs.txt").read_text("utf-8")
    for line in text.splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "=":
            passage = rest
        elif mark in "+-" and mark:
            found.append(Pair(passage, rest, mark == "+"))
    return found


def test_there_are_enough_of_both_kinds() -> None:
    kinds = [pair.borne_out for pair in pairs()]
    assert len(kinds) >= 150
    assert 60 <= sum(kinds) <= len(kinds) - 60


def test_inventions_are_found_and_rewordings_left_alone() -> None:
    """Precision and recall of "not borne out"; what is missed would be said to a caller."""
    judged = [(pair, ungrounded(pair.sentence, pair.passage)) for pair in pairs()]
    missed = [pair.sentence for pair, claims in judged if not pair.borne_out and not claims]
    wronged = [(p.sentence, claims) for p, claims in judged if p.borne_out and claims]
    bad = sum(not pair.borne_out for pair, _ in judged)
    found = bad - len(missed)
    print(f"{len(judged)} pairs: recall {found / bad:.3f} of {bad} inventions, ", end="")
    print(f"precision {found / (found + len(wronged)):.3f}")
    print("missed:", *missed, sep="\n  ")
    print("wronged:", *wronged, sep="\n  ")
    assert found / bad >= 0.95
    assert found / (found + len(wronged)) >= 0.95
