"""Plays the scripted calls of tests/dialog/scripts through the text path, and judges how they end.

    python -m tests.dialog.scripted [--name PART] [--show] [--kept | --fresh]

``make bench-dialogues`` prints the table of ends; scripts/README.md says what its columns count.
"""

from __future__ import annotations

import argparse
import asyncio
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from voicebot.dialog.events import Handoff, HangUp, Heard, Paused, Say, SayKind
from voicebot.dialog.intents import Intent, intent
from voicebot.dialog.policy import Dialog
from voicebot.dialog.state import Awaiting
from voicebot.dialog.textforms import sentences
from voicebot.knowledge.build import build_knowledge
from voicebot.knowledge.refusal import threshold
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.session.conversation import Conversation, Searcher, Thought
from voicebot.settings import SERVER_PACK, load_settings
from voicebot.turns.scheduler import InferenceScheduler

SCRIPTS = Path(__file__).parent / "scripts"
KEPT = Path(__file__).parent / "scripts_kept"  # to confirm with: only their totals are looked at
FRESH = Path(__file__).parent / "scripts_fresh"  # the same, written for a later mending
ENDS = ("solved", "clarified", "handed off rightly", "handed off wrongly", "unsolved")
FAULTS = ("invented", "repeated")
ASKING_BACK = ("not_understood", "what_is_asked")
SILENCE_MS = 10_000  # longer than any pause that ends a number
SHORT = 6  # characters; shorter sentences (好的。) may come again


@dataclass(frozen=True)
class Script:
    """A written call; `turns` are (what the caller says, what must hold of the reply)."""

    name: str
    kind: str
    end: str
    turns: tuple[tuple[str, str], ...]


@dataclass
class Played:
    """A call as it went: its end, the faults in it, and what did not hold, turn by turn."""

    script: Script
    end: str = "unsolved"
    faults: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    transcript: list[str] = field(default_factory=list)
    checks: int = 0


def read_scripts(folder: Path = SCRIPTS) -> list[Script]:
    """Every script, in the order of the files."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        for item in yaml.safe_load(path.read_text(encoding="utf-8")):
            turns = tuple(_turn(str(line)) for line in item["turns"])
            found.append(Script(item["name"], item["kind"], item["end"], turns))
    return found


def _turn(line: str) -> tuple[str, str]:
    said, _, checks = line.partition(" => ")
    return said.strip(), checks.strip()


class Player:
    """Plays scripts against one dialog and one index."""

    def __init__(self, pack: Pack, knowledge: Searcher, answer_risk: float) -> None:
        self._pack = pack
        self._knowledge = knowledge
        self._dialog = Dialog(pack, answer_risk=answer_risk)
        self._prompts = {t for texts in pack.prompts.variants.values() for t in texts}

    async def play(self, script: Script, scheduler: InferenceScheduler) -> Played:
        """One call."""
        conversation = Conversation(self._dialog, self._knowledge, scheduler)
        played = Played(script)
        thought = conversation.start()
        spoken: set[str] = set()
        asked_before: set[str] = set()
        clarified = wrong = False
        for number, (text, checks) in enumerate(script.turns, start=1):
            thought = await conversation.consider(thought.state, Heard(text))
            if not thought.actions:  # a number is being taken down, and nothing more comes
                thought = await conversation.consider(thought.state, Paused(SILENCE_MS))
            reply = _text(thought)
            played.transcript += [f"  {number} {text}", f"      {reply}  {_marks(thought)}"]
            clarified = clarified or self._asks_back(thought)
            for check in _checks(checks):
                played.checks += 1
                if not _holds(check, thought, reply):
                    played.missed.append(f"{number} {text}: not {check}: {reply}")
                    wrong = wrong or not check.startswith("slot:")
            self._find_faults(played, number, checks, thought, spoken, text in asked_before)
            asked_before.add(text)
            ended = _ended(thought)
            if ended:
                played.end = _judge(ended, script.end, wrong, clarified)
                return played
        return played

    def _asks_back(self, thought: Thought) -> bool:
        asked = {t for name in ASKING_BACK for t in self._pack.prompts.all(name)}
        return thought.state.awaiting is Awaiting.CLARIFY or any(
            say.text in asked for say in _says(thought)
        )

    def _find_faults(
        self,
        played: Played,
        number: int,
        checks: str,
        thought: Thought,
        spoken: set[str],
        again: bool,
    ) -> None:
        text = played.script.turns[number - 1][0]
        answered = any(say.citations or say.branch for say in _says(thought))
        unbacked = any(
            say.kind is SayKind.ANSWER
            and not (say.citations or say.branch or say.scene)
            and say.text not in self._prompts
            for say in _says(thought)
        )
        if unbacked or ("none" in _checks(checks) and answered):
            played.faults.append(f"invented: {number} {text}: {_text(thought)}")
        said = {
            sentence
            for say in _says(thought)
            for sentence in sentences(say.text)
            if len(sentence) > SHORT
        }
        if not again and intent(text) is not Intent.REPEAT and said & spoken:
            played.faults.append(f"repeated: {number} {text}: {' '.join(sorted(said & spoken))}")
        spoken |= said


def _says(thought: Thought) -> list[Say]:
    return [each for each in thought.actions if isinstance(each, Say)]


def _text(thought: Thought) -> str:
    return "".join(say.text for say in _says(thought))


def _marks(thought: Thought) -> str:
    found = [f"[{s.query}: {s.answerable:.2f} {s.scene_probability:.2f}]" for s in thought.searches]
    found += [f"<{c.id}>" for say in _says(thought) for c in say.citations]
    found += [f"<{a.reason}>" for a in thought.actions if isinstance(a, Handoff)]
    return " ".join(found)


def _ended(thought: Thought) -> str:
    for action in thought.actions:
        if isinstance(action, Handoff):
            return f"handoff {action.reason}"
        if isinstance(action, HangUp):
            return "solved"
    return ""


def _judge(ended: str, wanted: str, missed: bool, clarified: bool) -> str:
    if ended.startswith("handoff"):
        return "handed off rightly" if ended == wanted else "handed off wrongly"
    if ended != wanted or missed:
        return "unsolved"
    return "clarified" if clarified else "solved"


_CHECK = re.compile(r"(?:^|\s)(?=(?:has|any|slot|branch|handoff):|(?:bye|offer|none)(?:\s|$))")
_CHECKS: dict[str, Callable[[Thought, str, str], bool]] = {
    "has": lambda thought, reply, value: all(_in(each, reply) for each in value.split("&")),
    "any": lambda thought, reply, value: any(_in(each, reply) for each in value.split("|")),
    "slot": lambda thought, reply, value: any(s.slot == value for s in _says(thought)),
    "branch": lambda thought, reply, value: any(s.branch == value for s in _says(thought)),
    "handoff": lambda thought, reply, value: _ended(thought) == f"handoff {value}",
    "bye": lambda thought, reply, value: _ended(thought) == "solved",
    "offer": lambda thought, reply, value: thought.state.awaiting is Awaiting.OFFER,
    "none": lambda thought, reply, value: not any(s.citations or s.branch for s in _says(thought)),
}


def _checks(text: str) -> list[str]:
    """The checks of a line; a value may hold spaces (5 分钟)."""
    return [each.strip() for each in _CHECK.split(text) if each.strip()]


def _holds(check: str, thought: Thought, reply: str) -> bool:
    name, _, value = check.partition(":")
    return _CHECKS[name](thought, reply, value)


def _in(words: str, reply: str) -> bool:
    return "".join(words.split()).lower() in "".join(reply.split()).lower()


async def play_all(player: Player, scripts: Sequence[Script]) -> list[Played]:
    """Every script, one after the other."""
    scheduler = InferenceScheduler()
    try:
        return [await player.play(script, scheduler) for script in scripts]
    finally:
        scheduler.close()


def table(calls: Iterable[Played]) -> str:
    """The ends by kind of call, as Markdown."""
    calls = list(calls)
    rows = [f"| kind | n | {' | '.join((*ENDS, *FAULTS))} |", "|---" * (len(ENDS) + 4) + "|"]
    for kind in (*sorted({call.script.kind for call in calls}), "all"):
        of = [call for call in calls if kind in (call.script.kind, "all")]
        ends = Counter(call.end for call in of)
        faults = Counter(fault.split(":")[0] for call in of for fault in call.faults)
        counts = [ends[end] for end in ENDS] + [faults[fault] for fault in FAULTS]
        rows.append(f"| {kind} | {len(of)} | {' | '.join(map(str, counts))} |")
    checks = sum(call.checks for call in calls)
    missed = sum(len(call.missed) for call in calls)
    return "\n".join([*rows, "", f"checks of single replies that held: {checks - missed}/{checks}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", default="", help="only calls whose name holds this")
    parser.add_argument("--show", action="store_true", help="print what was said")
    apart = parser.add_mutually_exclusive_group()
    apart.add_argument("--kept", action="store_true", help="the calls kept apart: totals only")
    apart.add_argument("--fresh", action="store_true", help="the later ones kept apart: the same")
    options = parser.parse_args()
    settings = load_settings()
    pack = load_pack(SERVER_PACK)
    knowledge = build_knowledge(settings, pack, lambda what, state: None)
    player = Player(pack, knowledge, threshold(settings.knowledge.wrong_answers))
    folder = KEPT if options.kept else FRESH if options.fresh else SCRIPTS
    scripts = [each for each in read_scripts(folder) if options.name in each.name]
    calls = asyncio.run(play_all(player, scripts))
    for call in calls:
        bad = call.missed or call.faults or call.end == "unsolved"
        if options.show or (bad and folder is SCRIPTS):
            print(f"{call.script.name}: {call.end} (written: {call.script.end})")
            print(
                "\n".join([*(call.transcript if options.show else ()), *call.faults, *call.missed])
            )
    print(table(calls))


if __name__ == "__main__":
    main()
