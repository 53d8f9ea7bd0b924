"""Is the caller told what was asked, and nothing else? 225 questions by text, one a call, and
the 135 of the confirmation set, which nothing was chosen by.

    python -m tests.bench.bench_answers --out build/bench-answers [--config voicebot.toml]

Each question of `answer_questions` is the first sentence of a call, asked as ``voicebot chat`` does
it: the pack's index, search, the dialog. Writes answers.json (every turn) and answers.md (the
table, then every miss with what was said), those of the confirmation set under ``confirmation``.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path

from rich.progress import track

from tests.bench.answer_questions import CONFIRMATION, QUESTIONS, Question, read_questions
from tests.bench.answer_report import Judged, Verdict, write
from voicebot.dialog.events import Handoff, Heard, Say, SayKind
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import DialogState
from voicebot.knowledge.answer import extract
from voicebot.knowledge.api import Hit, HitKind
from voicebot.knowledge.build import build_knowledge
from voicebot.knowledge.refusal import threshold
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.session.conversation import Conversation, Thought
from voicebot.settings import Settings, load_settings
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import InferenceScheduler

DECLINES = {SayKind.REFUSE, SayKind.CLARIFY, SayKind.OFFER_HUMAN}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("build/bench-answers"))
    parser.add_argument("--questions", type=Path, help="ask these alone")
    parser.add_argument("--config", type=Path, help="TOML settings file")
    options = parser.parse_args()
    settings = load_settings(options.config)
    sets = {options.out: options.questions or QUESTIONS}
    if options.questions is None:
        sets[options.out / "confirmation"] = CONFIRMATION
    asked = [read_questions(path) for path in sets.values()]
    judged = asyncio.run(ask_all(settings, list(chain.from_iterable(asked))))
    at = 0
    for out, questions in zip(sets, asked, strict=True):
        tables = write(out, judged[at : at + len(questions)])
        print(f"{sets[out].name}\n\n{tables}")
        at += len(questions)


async def ask_all(settings: Settings, questions: Sequence[Question]) -> tuple[Judged, ...]:
    """Every question in a call of its own, judged."""
    pack = load_pack(settings.pack)
    knowledge = build_knowledge(settings, pack, lambda what, state: None)
    dialog = Dialog(pack, answer_risk=threshold(settings.knowledge.wrong_answers), extract=extract)
    scheduler = InferenceScheduler(workers=2, estimates=StageEstimates({}))
    conversation = Conversation(dialog, knowledge, scheduler, most_risk=settings.handoff.most_risk)
    judged = []
    try:
        for question in track(questions, "asking"):
            greeted = conversation.start()
            thought = await conversation.consider(greeted.state, Heard(question.question))
            judged.append(judge(question, thought))
            if judged[-1].verdict is Verdict.CLARIFIED and _meant(question, pack, thought.state):
                told = await conversation.consider(thought.state, Heard("对"))
                judged[-1] = replace(judged[-1], after=judge(question, told).verdict)
    finally:
        scheduler.close()
    return tuple(judged)


def judge(question: Question, thought: Thought) -> Judged:
    """What became of a question.

    An answer is right if one of its citations is a label of the question and the fact that was
    asked for is in the words said; a diagnosis is right if the label names its scene. For a
    question that nothing answers, declining is right, and so is saying what its labels name.
    """
    said = [action for action in thought.actions if isinstance(action, Say)]
    cited = tuple(
        dict.fromkeys(
            citation.id if _is_faq(citation.source) else citation.source
            for say in said
            for citation in say.citations
        )
    )
    scene = next((say.scene for say in said if say.scene), "")
    text = " ".join(say.text for say in said)
    handed = any(isinstance(action, Handoff) for action in thought.actions)
    verdict = _verdict(question, said, cited, scene, text, handed)
    if not thought.searches:
        return Judged(question, verdict, text, cited, scene)
    found = thought.searches[-1]
    rank = next((nth for nth, hit in enumerate(found.hits, 1) if _labels_hit(question, hit)), 0)
    return Judged(question, verdict, text, cited, scene, found.answerable, rank)


def _verdict(
    question: Question,
    said: Sequence[Say],
    cited: Sequence[str],
    scene: str,
    text: str,
    handed: bool,
) -> Verdict:
    labelled = any(_names(label, source) for label in _labels(question) for source in cited)
    if cited and not scene:
        if not labelled:
            return Verdict.WRONG
        told = not question.answerable or question.told_by(text)
        return Verdict.RIGHT if told else Verdict.BESIDE
    if handed:
        return Verdict.HANDED_OFF
    if scene:
        return Verdict.RIGHT_SCENE if scene in question.scenes else Verdict.OTHER_SCENE
    if any(say.kind is SayKind.CLARIFY for say in said):
        return Verdict.CLARIFIED
    if any(say.kind in DECLINES for say in said):
        return Verdict.REFUSED
    return Verdict.SMALL_TALK


def _meant(question: Question, pack: Pack, state: DialogState) -> bool:
    """Whether what was asked back, a scene or a FAQ, is a label of the question."""
    if state.candidate:
        return not state.rival and state.candidate in question.scenes
    titles = {faq.question for faq in pack.faq if faq.id in question.faq}
    return state.candidate_query in titles


def _labels_hit(question: Question, hit: Hit) -> bool:
    source = hit.id if hit.kind is HitKind.FAQ else hit.source
    return any(_names(label, source) for label in _labels(question))


def _labels(question: Question) -> tuple[str, ...]:
    return (*question.faq, *question.passages)


def _is_faq(source: str) -> bool:
    return " > " not in source


def _names(label: str, source: str) -> bool:
    """Whether a citation is what the label names: a FAQ by its id, a passage by its headings."""
    path = source.split(" > ")
    return source == label or (len(path) > 1 and label == f"{path[1]} {path[-1]}")


if __name__ == "__main__":
    main()
