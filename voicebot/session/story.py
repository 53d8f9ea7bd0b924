"""Collects what was said in a call, and tells it when a human takes over."""

from __future__ import annotations

from dataclasses import replace

from telephony import CallInfo
from voicebot.dialog.events import Handoff
from voicebot.dialog.state import DialogState
from voicebot.handoff.call_facts import CallFacts, SpokenTurn
from voicebot.handoff.next_check import next_check
from voicebot.handoff.package import SummaryPackage, build_package
from voicebot.pack import Pack
from voicebot.session import events as facts


class Story:
    """An observer of one session."""

    def __init__(self, pack: Pack, info: CallInfo) -> None:
        self._pack = pack
        self._caller = info.caller
        self._turns: list[SpokenTurn] = []

    def __call__(self, event: facts.SessionEvent) -> None:
        """Take note of what was said; other facts are ignored."""
        index = len(self._turns)
        if isinstance(event, facts.CallerSpoke) and event.text:
            self._turns.append(SpokenTurn(index, "caller", event.text, event.confidence))
        elif isinstance(event, facts.BotInterrupted):
            self._cut(event.heard)
        elif isinstance(event, facts.BotSpoke):
            source = event.citations[0]["source"] if event.citations else ""
            self._turns.append(
                SpokenTurn(index, "bot", event.text, event.confidence, event.kind, source)
            )

    def _cut(self, heard: str) -> None:
        """The last utterance was cut: the seat is told what the caller has heard of it."""
        last = self._turns[-1] if self._turns else None
        if last is None or last.who != "bot":
            return
        if heard:
            self._turns[-1] = replace(last, text=heard)
        else:
            self._turns.pop()

    def package(self, handoff: Handoff, state: DialogState) -> SummaryPackage:
        """The summary as of now. `handoff.facts` are the dialog's; `state` adds the model."""
        return build_package(
            CallFacts.of(self._pack, self._caller, handoff.reason),
            self._turns,
            {**state.facts, **handoff.facts},
            due=next_check(self._pack, state),
        )
