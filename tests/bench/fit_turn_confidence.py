"""Fit voicebot/dialog/confidence.json on judged turns, and show how well it is calibrated.

    python -m tests.bench.fit_turn_confidence --turns T.jsonl [--out DIR] [--write]
    python -m tests.bench.fit_turn_confidence --make T.jsonl [--pack PACK]

The first fits; `DIR/confidence.html` has the reliability plot and the risk-coverage curve of folds
that were not fitted on. Turns are JSON lines (tests/bench/turn_judging.py).

The second makes turns from a pack alone, where no judged calls are at hand: every similar question
of a FAQ is left out of the index (with every third other one) and asked; the answer is right if it
is that FAQ's, or shares three fifths of its character pairs with that FAQ's answer (documents and
other FAQ often say the same). Lines of tests/bench/off_topic.txt are asked too: no answer is right.
The dialog is made to answer whatever it finds. Such turns are typed, first turns of calm callers:
of ears, repeats and contradictions they say nothing, of moods little, and those weights stay where
the prior has them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import track

from tests.bench.turn_judging import Turn, auc_of, fit, read_turns, to_json, write_turns
from tests.bench.turn_judging_page import page
from voicebot.dialog.events import Heard, Say
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import DialogState
from voicebot.dialog.turn_confidence import COEFFICIENTS
from voicebot.knowledge.ct2_embedder import CT2Embedder
from voicebot.knowledge.embedder import Embedder, Vectors
from voicebot.knowledge.entry import SceneEntry
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack import Faq, Pack
from voicebot.pack_loader import load_pack, scene_entries
from voicebot.session.conversation import Conversation, Thought
from voicebot.settings import load_settings
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.weights import locate

OFF_TOPIC = Path(__file__).with_name("off_topic.txt")
HOLDS_OUT = 3
ALIKE = 0.6


class Remembering:
    """An embedder that embeds each text once, however many indexes hold it."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: dict[tuple[str, str], Any] = {}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._embedder, name)

    def queries(self, texts: Sequence[str]) -> Vectors:
        return self._embedded("query", self._embedder.queries, texts)

    def passages(self, texts: Sequence[str]) -> Vectors:
        return self._embedded("passage", self._embedder.passages, texts)

    def _embedded(
        self, kind: str, embed: Callable[[Sequence[str]], Vectors], texts: Sequence[str]
    ) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if (kind, text) not in self._known]
        if new:
            keys = [(kind, text) for text in new]
            self._known.update(zip(keys, embed(new), strict=True))
        return np.array([self._known[kind, text] for text in texts], np.float32)


def held_out(faq: Faq, part: int) -> tuple[str, ...]:
    """Of its similar questions, those that are asked and not in the index."""
    return tuple(text for n, text in enumerate(faq.similar) if n % HOLDS_OUT == part)


async def made_turns(pack: Pack, knowledge: Knowledge, part: int) -> list[Turn]:
    """The turns of one part's questions, and of its off-topic ones."""
    asked = [(text, faq.id) for faq in pack.faq for text in held_out(faq, part)]
    off = OFF_TOPIC.read_text("utf-8").split("\n")
    asked += [(text, "") for n, text in enumerate(off) if text and n % HOLDS_OUT == part]
    answers = {faq.id: faq.answer for faq in pack.faq}
    scheduler = InferenceScheduler()
    try:
        conversation = Conversation(Dialog(pack, answer_risk=0.0), knowledge, scheduler)
        found = []
        for text, faq in track(asked, f"part {part + 1} of {HOLDS_OUT}"):
            thought = await conversation.consider(DialogState(), Heard(text))
            said = _cited(thought)
            if thought.inputs is not None and said is not None:
                right = said.citations[0].id == faq or _alike(said.text, answers.get(faq, ""))
                found.append(Turn(thought.inputs, right, faq or f"off-topic {text}"))
        return found
    finally:
        scheduler.close()


def _cited(thought: Thought) -> Say | None:
    says = (action for action in thought.actions if isinstance(action, Say))
    return next((say for say in says if say.citations), None)


def _alike(said: str, answer: str) -> bool:
    """Whether they share most of the shorter one's pairs of characters."""
    one, other = ({*pairwise(content(text))} for text in (said, answer))
    return len(one & other) >= ALIKE * min(len(one), len(other)) > 0


def content(text: str) -> str:
    """Without marks and spaces."""
    return re.sub(r"[^\w]", "", text)


def make(pack: Pack, path: Path) -> None:
    """Write the turns of a pack."""
    settings = load_settings()
    embedder: Any = Remembering(CT2Embedder(locate(settings.knowledge.embedder, settings.models)))
    scenes = [SceneEntry(*entry) for entry in scene_entries(pack)]
    turns: list[Turn] = []
    for part in range(HOLDS_OUT):
        known = [
            replace(faq, similar=tuple(t for t in faq.similar if t not in held_out(faq, part)))
            for faq in pack.faq
        ]
        with tempfile.TemporaryDirectory() as folder:
            knowledge = Knowledge.build(known, pack.documents, scenes, embedder, Path(folder))
            turns += asyncio.run(made_turns(pack, knowledge, part))
    write_turns(path, turns)
    print(f"{len(turns)} turns, {sum(turn.right for turn in turns)} right: {path}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=Path)
    parser.add_argument("--make", type=Path)
    parser.add_argument("--pack", type=Path, default=load_settings().pack)
    parser.add_argument("--out", type=Path, default=Path("build/turn-confidence"))
    parser.add_argument("--about", default="", help="what the turns are, for the record")
    parser.add_argument("--write", action="store_true", help="replace confidence.json")
    given = parser.parse_args()
    if given.make:
        make(load_pack(given.pack), given.make)
    if given.turns:
        turns = read_turns(given.turns)
        made = fit(turns, f"{given.about or given.turns.name}; {len(turns)} turns")
        given.out.mkdir(parents=True, exist_ok=True)
        (given.out / "confidence.html").write_text(page(made), "utf-8")
        print(json.dumps(to_json(made.calibration), ensure_ascii=False, indent=2))
        print(f"AUC on unseen folds {auc_of(made.unseen, made.right):.3f}; plots in {given.out}")
        if given.write:
            text = json.dumps(to_json(made.calibration), ensure_ascii=False, indent=2)
            COEFFICIENTS.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
