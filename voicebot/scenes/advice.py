"""What is worth a look in a scene that is otherwise right: warnings, never errors.

What a call can stumble over: questions that are long to listen to or have one wording only,
callers who get no help, answers with a hole in them, questions that nobody asks.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from voicebot.scenes.lint import PLACEHOLDER
from voicebot.scenes.model import Scene, Slot
from voicebot.scenes.paths import dead_ends, looked_at

CHARS_PER_S = 4.5  # Mandarin on a telephone, as the default voice speaks
LONG_QUESTION_S = 8.0
FEWEST_TRIGGERS = 5
MAX_DEAD_ENDS_SHOWN = 3
MOST_SENTENCES = 2  # that are said at one go; of an answer the rest waits for 继续
_SENTENCE = re.compile(r"[^。！？!?；;\n]+")
Warn = Callable[[int, str, str, str], None]


def advise(scene: Scene, warn: Warn) -> None:
    """Report to `warn` (line, key, what is so, what to do)."""
    if len(scene.triggers) < FEWEST_TRIGGERS:
        warn(
            scene.lines.get("triggers", 0),
            "triggers",
            f"only {len(scene.triggers)} ways to put it; callers find more",
            f"write at least {FEWEST_TRIGGERS}",
        )
    asked = _asked(scene)
    for slot in scene.slots:
        _slot(scene, slot, warn, asked=slot.id in asked)
    _contradictions(scene, warn)
    _answers(scene, warn)
    for path in dead_ends(scene)[:MAX_DEAD_ENDS_SHOWN]:
        warn(
            scene.lines.get("branches", 0),
            "branches",
            f"with {path} nothing is left to ask and no branch holds: the call is handed over",
            "ask for what the branches look at, or add a branch",
        )


def seconds(text: str) -> float:
    """About how long a text takes to say."""
    return sum(char.isalnum() for char in text) / CHARS_PER_S


def _asked(scene: Scene) -> set[str]:
    """The slots whose question may come up."""
    names = set(scene.ask_order) or set(looked_at(scene))
    names |= {slot.id for slot in scene.slots if slot.required}
    names |= {name for branch in scene.branches for name in branch.need}
    return names | {name for each in scene.contradictions for name in each.reset}


def _used(scene: Scene) -> set[str]:
    conditions = [
        *(branch.when for branch in scene.branches),
        *(each.when for each in scene.contradictions),
    ]
    names = {name for when in conditions for name in when.slots}
    for branch in scene.branches:
        names |= {*branch.need, *PLACEHOLDER.findall(branch.say + branch.kb)}
    return names


def _slot(scene: Scene, slot: Slot, warn: Warn, *, asked: bool) -> None:
    key = f"slots.{slot.id}"
    if not asked and slot.id not in _used(scene):
        text = "is never asked for and decides nothing: it only shows in the summary"
        warn(slot.line, key, text, "ask for it, use it or remove it")
    elif slot.asks and not asked:
        warn(slot.line, key, "has a question that is never asked", "put it into ask_order")
    if not asked or not slot.asks:
        return
    if len(slot.asks) < 2:
        text = "one wording only; asked again it sounds like a machine"
        warn(slot.line, f"{key}.ask", text, "add another")
    if not slot.help and not slot.dictated:
        text = "no words for callers who do not know how to look"
        warn(slot.line, f"{key}.help", text, "add them, ending in the question")
    for text in (*slot.asks, slot.help):
        _at_one_go(slot.line, key, text, warn)
    for text in slot.asks:
        if seconds(text) > LONG_QUESTION_S:
            said = f"{len(text)} characters, about {seconds(text):.0f} s: {text[:16]}…"
            warn(slot.line, f"{key}.ask", f"long to listen to ({said})", "shorten it")


def _contradictions(scene: Scene, warn: Warn) -> None:
    for each in scene.contradictions:
        key = f"contradictions.{each.id}"
        if not set(each.reset) & set(each.when.slots):
            text = "resets nothing that it looks at: it holds on, and the call is handed over"
            warn(each.line, f"{key}.reset", text, "reset one of its own slots")
        for said in each.says:
            _at_one_go(each.line, f"{key}.say", said, warn)
        if each.max > len(each.says):
            text = f"raised up to {each.max} times in {len(each.says)} wordings"
            warn(each.line, f"{key}.say", text, "add wordings")


def _answers(scene: Scene, warn: Warn) -> None:
    for branch in scene.branches:
        sure = {*branch.need, *branch.when.slots}
        sure |= {slot.id for slot in scene.slots if slot.required}
        if branch.exit is not None:
            _at_one_go(branch.line, f"branches.{branch.id}.answer", branch.say, warn)
        for name in dict.fromkeys(PLACEHOLDER.findall(branch.say)):
            if name not in sure:
                text = f"{{{name}}} may not be known by then and leaves a hole"
                warn(branch.line, f"branches.{branch.id}.answer", text, f"add need: [{name}]")


def _at_one_go(line: int, key: str, text: str, warn: Warn) -> None:
    """What is followed by a question or a hand-over is not said in parts."""
    count = len(_SENTENCE.findall(text))
    if count > MOST_SENTENCES:
        said = f"{count} sentences at one go: {text[:16]}…"
        warn(line, key, said, f"say it in {MOST_SENTENCES}")
