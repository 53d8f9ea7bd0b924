"""How good summaries are, against human ones and against the call: ours beside two baselines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from statistics import mean

from voicebot.wrapup.dialogues import Dialogue
from voicebot.wrapup.facts import Fact, facts, held
from voicebot.wrapup.rouge import Rouge, rouge
from voicebot.wrapup.summary import DialogueSummary, summarise

OURS, BARE, LEAD, LONGEST, HUMAN = "voicebot", "bare words", "lead-3", "longest-3", "human"
BASELINE_TURNS = 3
FINAL = "final_summary"
SIDES = (("user_summary", "caller"), ("agent_summary", "agent"))


@dataclass
class Tally:
    """The sums of one way to summarise; `made_up` are facts that no call holds."""

    name: str
    count: int = 0
    characters: int = 0
    rouges: list[Rouge] = field(default_factory=list)
    claimed: int = 0
    held: int = 0
    wanted: int = 0
    recalled: int = 0
    made_up: Counter[Fact] = field(default_factory=Counter)

    def add(self, summary: str, call: str, reference: str) -> None:
        """Take in one summary; an empty `reference` is not scored against."""
        claimed = facts(summary)
        true = held(claimed, call)
        self.count += 1
        self.characters += len(summary)
        self.claimed += len(claimed)
        self.held += len(true)
        self.made_up.update(claimed - true)
        if reference:
            wanted = facts(reference)
            self.wanted += len(wanted)
            self.recalled += len(held(wanted, summary))
            self.rouges.append(rouge(summary, reference))

    @property
    def fact_precision(self) -> float | None:
        """Of the facts in the summaries, the share that the calls hold."""
        return self.held / self.claimed if self.claimed else None

    @property
    def fact_recall(self) -> float | None:
        """Of the facts in the human summaries, the share that the summaries hold."""
        return self.recalled / self.wanted if self.wanted else None

    @property
    def mean_characters(self) -> float:
        return self.characters / self.count if self.count else 0.0

    def rouge_f1(self) -> tuple[float, float, float] | None:
        """The means of ROUGE-1, -2 and -L (F1), or None where nothing could be compared."""
        if not self.rouges:
            return None
        return (
            mean(each.rouge1.f1 for each in self.rouges),
            mean(each.rouge2.f1 for each in self.rouges),
            mean(each.rouge_l.f1 for each in self.rouges),
        )

    def row(self) -> tuple[str, ...]:
        """As a line of a table: name, length, facts (precision, n, recall, n), ROUGE."""
        scores = self.rouge_f1() or (None, None, None)
        return (
            self.name,
            f"{self.mean_characters:.1f}",
            _share(self.fact_precision),
            str(self.claimed),
            _share(self.fact_recall),
            str(self.wanted),
            *map(_share, scores),
        )


HEADER = (
    "summary", "chars", "facts P", "n", "facts R", "n", "R-1", "R-2", "R-L",
)  # fmt: skip


class Evaluation:
    """Adds up dialogues one by one.

    `whole` compares with the whole human summary, ours also without the words that are not the
    dialogue's (用户询问, 客服回答), which baselines do not have; `sides` our account of each side
    with the human one of that side. The human row tells how far the facts of human
    summaries are in the calls:
    what is not there, no extract can recall.
    """

    def __init__(self) -> None:
        self.whole = {name: Tally(name) for name in (OURS, BARE, LEAD, LONGEST, HUMAN)}
        self.sides = {key: Tally(f"{OURS}, {name}") for key, name in SIDES}
        self.unscored = 0

    def add(self, dialogue: Dialogue) -> DialogueSummary:
        """Summarise a dialogue and score it; returns our summary."""
        ours = summarise(dialogue.turns)
        reference = dialogue.references.get(FINAL, "")
        self.unscored += not reference
        call = dialogue.text
        self.whole[OURS].add(ours.text, call, reference)
        self.whole[BARE].add(ours.bare, call, reference)
        self.whole[LEAD].add(lead(dialogue.turns), call, reference)
        self.whole[LONGEST].add(longest(dialogue.turns), call, reference)
        if reference:
            self.whole[HUMAN].add(reference, call, "")
        for key, text in (("user_summary", ours.of_caller), ("agent_summary", ours.of_agent)):
            if side := dialogue.references.get(key, ""):
                self.sides[key].add(text, call, side)
        return ours

    def tallies(self) -> Sequence[Tally]:
        """All rows of the table."""
        return [each for each in (*self.whole.values(), *self.sides.values()) if each.count]


def lead(turns: Sequence[tuple[str, str]]) -> str:
    """The first three turns."""
    return _joined(turns[:BASELINE_TURNS])


def longest(turns: Sequence[tuple[str, str]]) -> str:
    """The three longest turns, in order."""
    order = sorted(range(len(turns)), key=lambda nth: -len(turns[nth][1]))
    return _joined([turns[nth] for nth in sorted(order[:BASELINE_TURNS])])


def _joined(turns: Iterable[tuple[str, str]]) -> str:
    return "。".join(text for _, text in turns)


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def as_markdown(evaluation: Evaluation, notes: Sequence[str] = ()) -> str:
    """The table as a page, with the facts that no call holds."""
    lines = ["# Summaries of service dialogues", "", _line(HEADER), _line(["---"] * len(HEADER))]
    lines += [_line(each.row()) for each in evaluation.tallies()]
    lines += ["", *notes]
    made_up = evaluation.whole[OURS].made_up
    if made_up:
        lines += ["", "Facts of our summaries that the call does not hold:", ""]
        lines += [f"- {fact.kind}: `{fact.value}` ({n})" for fact, n in made_up.most_common(50)]
    return "\n".join(lines) + "\n"


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
