"""A dictated number in a call: what the frame clock, the keys and the mouth know about it.

The dictation itself is part of the dialog's state (voicebot/dialog/dictation_turns.py). Here is
what a text cannot tell: how long it has been silent, how much of the reading back the caller has
heard when they say 不对, that figures need patience, and that a telephone number is nobody's
business.
"""

from __future__ import annotations

import re
from dataclasses import replace

from voicebot.dialog.dictated import dictated_groups
from voicebot.dialog.dictation_view import DictationNow, DictationView
from voicebot.dialog.dictation_words import correction
from voicebot.dialog.events import Paused, Say, SayKind
from voicebot.dialog.state import DialogState
from voicebot.records.masking import mask_personal
from voicebot.session import events as facts
from voicebot.session.conversation import Thought
from voicebot.session.mouth import Mouth
from voicebot.session.talk import Talk
from voicebot.speech.reading import PlainText
from voicebot.turns.endpoint import ExpectedAnswer
from voicebot.turns.turn_taker import TurnTaker

REACTION_MS = 350
"""Who begins to speak this soon after a group began means the one before it."""
_HIDDEN = "*"
_FIGURES = re.compile(r"(?:[0-9零〇洞一幺二两三四五六七拐八九勾][\s，,、；;]{0,2}){3,}")


class Dictating:
    """One call's dictations. Used from the call's event loop only.

    Args:
        talk: its state is watched; its facts pass through here.
        taker: its frame clock measures silence.
        mouth: knows what has sounded.
        view: reads dictations off the state; None: there are none.
    """

    def __init__(
        self, talk: Talk, taker: TurnTaker, mouth: Mouth, view: DictationView | None
    ) -> None:
        self._talk = talk
        self._taker = taker
        self._mouth = mouth
        self._view = view
        self._now: DictationNow | None = None
        self._known = dict[str, str]()
        self._reading: Say | None = None
        self._unsaid: Say | None = None
        self._last_ms = 0
        if view is not None:
            talk.on_state = self._moved
            talk.shown = self.shown

    @property
    def expected(self) -> ExpectedAnswer | None:
        """Figures, which need patience, while they are awaited."""
        return ExpectedAnswer.NUMBER if self._talk.takes_figures else None

    @property
    def runs(self) -> bool:
        """Whether a number is asked for, be it taken down or read back."""
        return self._now is not None

    # --- what happens -----------------------------------------------------------------------
    def said(self, say: Say) -> None:
        """An utterance of ours has begun to sound."""
        self._reading = say if say.kind is SayKind.READ_BACK else None
        self._unsaid = None

    def keyed(self, thought: Thought) -> None:
        """What a key has led to: no guess that may be thrown away, so it has happened at once."""
        if self._now is None:
            return
        self._talk.state = thought.state
        says = (each for each in thought.actions if isinstance(each, Say) and each.groups)
        self._unsaid = next(says, None)

    def caller_began(self, onset_ms: int) -> None:
        """The caller speaks or presses a key since `onset_ms` (frame clock)."""
        reading, view = self._reading, self._view
        if view is None or self._now is None:
            return
        if self._unsaid is not None:  # # pressed before the reading back began agrees to nothing
            self._talk.state = view.read_up_to(self._talk.state, self._unsaid.first_group)
            return
        if reading is None:
            return
        ago_ms = max(self._taker.now_ms - onset_ms, 0) + REACTION_MS
        sounded = self._mouth.sounded(ago_ms)
        if sounded is None:
            return  # it was stopped before: what had been heard by then is known
        count = reading.first_group + _groups_in(sounded, reading.groups)
        self._talk.state = view.read_up_to(self._talk.state, count)

    def key_pressed(self) -> None:
        """The caller presses a key."""
        self.caller_began(self._taker.now_ms)
        self.disturbed(self._taker.now_ms)

    def disturbed(self, at_ms: int) -> None:
        """The caller's last word or key; silence counts from there."""
        self._last_ms = max(self._last_ms, at_ms)

    def due(self, *, busy: bool) -> Paused | None:
        """Once a frame: the silence that ends a number, when it has lasted long enough.

        `busy`: a reply is being worked out.
        """
        if self._mouth.speaking:
            self.disturbed(self._taker.now_ms)
        if busy or self._mouth.speaking or self._taker.in_turn:
            return None
        now = self._now
        if now is None or now.pause_ms is None or not self._talk.interruptible:
            return None
        silence_ms = self._taker.now_ms - self._last_ms
        if silence_ms < now.pause_ms:
            return None
        self._last_ms = self._taker.now_ms  # said once
        return Paused(silence_ms)

    # --- what others are told ---------------------------------------------------------------
    def shown(self, event: facts.SessionEvent) -> facts.SessionEvent:
        """The fact as it may be told: nothing of a personal number, in whatever pieces."""
        if not self._is_personal(event):
            return event
        match event:
            case facts.DigitPressed(digit=digit) if digit.isdigit():
                return replace(event, digit=_HIDDEN)
            case facts.CallerSpoke():
                return replace(
                    event,
                    text=hide_caller(event.text),
                    raw_text=hide_caller(event.raw_text),
                    alternatives=tuple(hide_caller(text) for text in event.alternatives),
                )
            case facts.BotSpoke():
                return replace(event, text=hide_figures(event.text))
            case facts.BotInterrupted():
                heard, unheard = hide_figures(event.heard), hide_figures(event.unheard)
                return replace(event, heard=heard, unheard=unheard)
            case _:
                return event

    def _is_personal(self, event: facts.SessionEvent) -> bool:
        """Whether the number asked for now is personal, or the agreed one that is corrected."""
        if self._now is not None and self._now.personal:
            return True
        if self._view is None or not isinstance(event, facts.CallerSpoke):
            return False
        view, state = self._view, self._talk.state
        said = (event.raw_text, event.text, *event.alternatives)
        return any(view.corrects_personal(state, text) for text in said)

    def _moved(self, state: DialogState) -> None:
        """The dialog's state has changed."""
        view = self._view
        if view is None:
            return
        now = view.now(state)
        self._now = now
        self._talk.takes_figures = now is not None and now.taking
        for number in view.agreed(state):
            if self._known.get(number.slot) != number.value:
                self._known[number.slot] = number.value
                value = mask_personal(number.value) if number.personal else number.value
                at_ms = self._talk.now_ms()
                fact = facts.NumberDictated(at_ms, number.scene, number.slot, number.label, value)
                self._talk.tell(fact)


def hide_caller(text: str) -> str:
    """A caller's words without the figures, those that were misheard included (留 for 六)."""
    if dictated_groups(text):
        return re.sub(r"\w", _HIDDEN, text)
    at = correction(text)
    if dictated_groups(text[at:]):
        return hide_figures(text[:at]) + re.sub(r"\w", _HIDDEN, text[at:])
    return hide_figures(text)


def hide_figures(text: str) -> str:
    """`text` with each run of three figures or more hidden, spoken or written."""
    return _FIGURES.sub(lambda run: re.sub(r"\w", _HIDDEN, run[0]), text)


def rest_of(say: Say, unheard: str) -> Say:
    """What is left of `say` where it was cut, to be said later: `unheard`, and its groups."""
    groups = say.groups
    heard = next(
        count
        for count in range(len(groups) + 1)
        if _groups_in((unheard,), groups[count:]) == len(groups) - count
    )
    return replace(
        say,
        text=PlainText(unheard),
        groups=groups[heard:],
        first_group=say.first_group + heard,
    )


def _groups_in(sounded: tuple[str, ...], groups: tuple[str, ...]) -> int:
    """How many of `groups`, in order, have begun to sound: a clause holds one or more of them."""
    text = "".join(_plain(clause) for clause in sounded)
    count, at = 0, 0
    for group in groups:
        found = text.find(_plain(group), at)
        if found < 0:
            break
        count, at = count + 1, found + len(_plain(group))
    return count


def _plain(text: str) -> str:
    return "".join(char for char in text if char.isalnum())
