"""Which labels of the pack's tree a call is filed under, and what speaks for it.

In this order: the scene that was run and the branch that it reached; what the caller said, against
the scenes' triggers; the tree's cue words; the tree's own label for calls that were answered or
handed over. Nothing outside the tree is ever chosen.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from voicebot.dialog.events import SayKind
from voicebot.dialog.fill import Filler
from voicebot.dialog.intents import asks_information, is_question
from voicebot.dialog.phonetic import Canonicalizer, Unit, find, units
from voicebot.dialog.scene_match import SceneMatch
from voicebot.knowledge.api import SearchResult
from voicebot.pack import Pack
from voicebot.scenes.model import Scene
from voicebot.wrapup.call_text import BOT, CALLER, SEAT, CallText, Spoken
from voicebot.wrapup.course import slot_values

BY_SCENE, BY_ASKING = 0.95, 0.85  # the scene came to a diagnosis; it only asked
BY_CUE, MORE_CUES, MOST_BY_CUES = 0.6, 0.05, 0.8
BY_FALLBACK = 0.4
LEAST_LIKELY, LEAST_ASKED = 0.4, 0.5  # less likely scenes, of reports and questions, say nothing
SEARCHED_TURNS, LEAST_CHARS = 6, 5  # what a call is about is said early, and not in a word
_TRUST_TRIGGER = 0.9
FEW_ANSWERS = 2
_TURN_WEIGHT = 0.9  # what a call is about is said early


@dataclass(frozen=True)
class Choice:
    """A label of the tree ("": none), how sure it is (0..1), the turn that speaks for it and what
    did: scene, branch, trigger, cue, handed_off, answered."""

    path: str = ""
    confidence: float = 0.0
    turn: int | None = None
    by: str = ""


class LabelTree:
    """The label tree of a pack, with what tells its labels apart. Immutable; threads may share it.

    `problem` and `solution` are all paths that may be chosen, inner nodes included. With `search`
    (`Knowledge.search`) a caller who names no trigger word for word is understood by meaning, at
    some tens of milliseconds for each of the first turns.
    """

    def __init__(self, pack: Pack, search: Callable[[str], SearchResult] | None = None) -> None:
        self.pack = pack
        self._search = search
        self.problem, self.solution = pack.labels.problem, pack.labels.solution
        self.canonical = Canonicalizer(pack.lexicon)
        self.filler = Filler(self.canonical)
        self._match = SceneMatch(pack)

    def scene_of(self, call: CallText) -> tuple[Scene, Spoken] | None:
        """The scene that the call was about, and the turn that shows it.

        The last one that came to a diagnosis, else the one that asked most.
        """
        reached = [turn for turn in call.turns if turn.branch and turn.scene]
        asking = [turn for turn in call.turns if turn.scene]
        if not asking:
            return None
        counts = {turn.scene: 0 for turn in asking}
        for turn in asking:
            counts[turn.scene] += 1
        scene_id = reached[-1].scene if reached else max(counts, key=lambda each: counts[each])
        scene = self.pack.scene(scene_id)
        if scene is None:
            return None
        of_scene = [turn for turn in reached or asking if turn.scene == scene_id]
        return scene, of_scene[-1 if reached else 0]

    def likely_scene(self, said: Sequence[Spoken]) -> tuple[Scene, float, Spoken] | None:
        """The scene that a caller's turn most likely means, by its triggers and by meaning."""
        best: tuple[Scene, float, Spoken] | None = None
        for nth, turn in enumerate(said):
            known = self._by_meaning(turn.text) if nth < SEARCHED_TURNS else {}
            for found in self._match.rank(turn.text, known, 1):
                scene = self.pack.scene(found.scene)
                likely = found.probability * _TURN_WEIGHT**nth
                least = LEAST_ASKED if is_question(turn.text) else LEAST_LIKELY
                if scene is None or found.vetoed or found.probability < least:
                    continue
                if best is None or likely > best[1]:
                    best = (scene, likely, turn)
        return best

    def _by_meaning(self, text: str) -> dict[str, float]:
        if self._search is None or len(text) < LEAST_CHARS or asks_information(text):
            return {}
        result = self._search(text)
        known = dict(result.rivals)
        if result.scene is not None:
            known[result.scene.id] = result.scene_probability
        return known

    def problem_class(self, call: CallText) -> Choice:
        """What the call is about."""
        said = call.said_by(CALLER)
        ran = self.scene_of(call)
        by_scene = Choice()
        if ran and ran[0].label in self.problem:
            scene, turn = ran
            sure = BY_SCENE if turn.branch else BY_ASKING
            by_scene = Choice(scene.label, sure, _before(call, turn), "scene")
            if turn.branch or not _came_late(call, turn):
                return by_scene
        cue = self._by_cues(self.problem, said, early=True)
        if by_scene.path:  # it only asked, after the call had been about something else
            return cue if cue.path else by_scene
        if (likely := self.likely_scene(said)) and likely[0].label in self.problem:
            scene, probability, turn = likely
            sure = probability * _TRUST_TRIGGER
            if sure >= cue.confidence:
                return Choice(scene.label, sure, turn.index, "trigger")
        return cue

    def solution_class(self, call: CallText) -> Choice:
        """What was done about it."""
        seat = self._by_cues(self.solution, call.said_by(SEAT), early=False)
        if seat.path:
            return seat
        branch = self._by_branch(call)
        if call.reason == "scene" and not branch.path:
            branch = self._by_values(call)
        if call.reason and call.reason != "scene":
            return self._handed_off(call)
        if branch.path:
            return branch
        if call.reason:
            return self._handed_off(call)
        return self._answered(call)

    def _by_branch(self, call: CallText) -> Choice:
        for turn in reversed(call.said_by(BOT)):
            scene = self.pack.scene(turn.scene) if turn.branch else None
            for branch in scene.branches if scene else ():
                if branch.id == turn.branch and branch.solution_class in self.solution:
                    return Choice(branch.solution_class, BY_SCENE, turn.index, "branch")
        return Choice()

    def _by_values(self, call: CallText) -> Choice:
        """A branch that says nothing and only hands over is known by what leads to it."""
        ran = self.scene_of(call)
        if ran is None:
            return Choice()
        scene, turn = ran
        values = {known.slot: known.value for known in slot_values(call, scene, self.filler)}
        branch = next((each for each in scene.branches if each.when(values)), None)
        if branch is None or branch.solution_class not in self.solution:
            return Choice()
        return Choice(branch.solution_class, BY_ASKING, turn.index, "branch")

    def _handed_off(self, call: CallText) -> Choice:
        """By the skill that the call went to."""
        fallback = self.pack.labels.handed_off
        above = fallback.rpartition("/")[0]
        within = [path for path in self.solution if path.startswith(f"{above}/")]
        for path in within:
            if any(cue in call.skill for cue in self.pack.labels.cues.get(path, ())):
                return Choice(path, BY_CUE, None, "handed_off")
        return Choice(fallback, BY_CUE if fallback else 0.0, None, "handed_off")

    def _answered(self, call: CallText) -> Choice:
        answers = [
            turn
            for turn in call.said_by(BOT)
            if turn.kind == SayKind.ANSWER and (turn.source or turn.branch)
        ]
        if not answers:
            return Choice()
        found = self._by_cues(self.solution, answers, early=False)
        fallback = self.pack.labels.answered
        if found.path or not fallback:
            return found
        return Choice(fallback, BY_FALLBACK, answers[0].index, "answered")

    def _by_cues(self, paths: Iterable[str], said: Sequence[Spoken], *, early: bool) -> Choice:
        """The label whose cue words were said most; early turns count more if `early`."""
        heard = [(turn, units(turn.text)) for turn in said]
        best, most = Choice(), 0.0
        for path in paths:
            hits = [
                (nth, turn)
                for cue in self.pack.labels.cues.get(path, ())
                for nth, (turn, sounds) in enumerate(heard)
                if _says(cue, sounds)
            ]
            score = sum(_TURN_WEIGHT**nth if early else 1.0 for nth, _ in hits)
            if score > most:
                sure = min(MOST_BY_CUES, BY_CUE + MORE_CUES * (len(hits) - 1))
                first = min(turn.index for _, turn in hits)
                best, most = Choice(path, sure, first, "cue"), score
        return best


def _says(cue: str, heard: tuple[Unit, ...]) -> bool:
    """Whether a cue was said; a word of two characters by sound alone is too easily another
    (保修 and 报修)."""
    return any(match.exact or match.end - match.start > 2 for match in find(cue, heard))


def _came_late(call: CallText, turn: Spoken) -> bool:
    """Whether most of the call's answers were given before a scene began to ask."""
    answers = [each for each in call.said_by(BOT) if each.kind == SayKind.ANSWER]
    before = sum(each.index < turn.index for each in answers)
    return before >= FEW_ANSWERS and before > len(answers) / 2


def _before(call: CallText, turn: Spoken) -> int:
    """The caller's turn that a turn of the bot answers, or the turn itself."""
    said = [each.index for each in call.said_by(CALLER) if each.index < turn.index]
    return said[-1] if said else turn.index
