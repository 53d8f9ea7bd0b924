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


def pairs(file: str) -> list[Pair]:
    found, passage = [], ""
    text = Path(__file__).with_name(file).read_text("utf-8")
    for line in text.splitlines():
        mark, _, rest = line.partition(" ")
        if mark == "=":
            passage = rest
        elif mark in "+-" and mark:
            found.append(Pair(passage, rest, mark == "+"))
    return found


def judged(file: str) -> tuple[float, float]:
    """Recall and precision of "not borne out"; what is missed would be said to a caller."""
    found = [(pair, ungrounded(pair.sentence, pair.passage)) for pair in pairs(file)]
    missed = [pair.sentence for pair, claims in found if not pair.borne_out and not claims]
    wronged = [(p.sentence, claims) for p, claims in found if p.borne_out and claims]
    bad = sum(not pair.borne_out for pair, _ in found)
    caught = bad - len(missed)
    recall, precision = caught / bad, caught / (caught + len(wronged))
    print(f"{len(found)} pairs, {bad} inventions: recall {recall:.3f}, precision {precision:.3f}")
    print("missed:", *missed, sep="\n  ")
    print("wronged:", *wronged, sep="\n  ")
    return recall, precision


def test_there_are_enough_of_both_kinds() -> None:
    kinds = [pair.borne_out for pair in pairs("grounding_pairs.txt")]
    assert len(kinds) >= 150
    assert 60 <= sum(kinds) <= len(kinds) - 60


def test_inventions_are_found_and_rewordings_left_alone() -> None:
    assert min(judged("grounding_pairs.txt")) >= 0.98


def test_so_are_those_that_the_check_was_not_mended_on() -> None:
    recall, precision = judged("grounding_pairs_unseen.txt")
    assert recall >= 0.7
    assert precision >= 0.8
