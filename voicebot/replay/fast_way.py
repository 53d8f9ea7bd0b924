"""`--fast`: the bot's own parts on a virtual clock, with ears that remember and declared costs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Protocol, cast

from asr_models import Recognizer, StreamingRecognizer
from telephony import Call, Endpoint
from voicebot.replay.at_hand import ReplaySpeaker
from voicebot.replay.bench import Outcome, tried
from voicebot.replay.costs import Costs
from voicebot.replay.fast import play_fast
from voicebot.replay.judge import Judge
from voicebot.replay.modelled_time import FrozenEstimates, ModelledScheduler
from voicebot.replay.remembered import Memory, RememberedEars
from voicebot.replay.script import Script
from voicebot.replay.voicing import Voicing, cache_folder
from voicebot.session.events import Observer
from voicebot.session.reception import Session
from voicebot.settings import Settings
from voicebot.speech.speaker import Speaker
from voicebot.turns.estimates import StageEstimates
from voicebot.turns.scheduler import InferenceScheduler


class Sessions(Protocol):
    """The part of a bot that a replay needs."""

    def session(self, call: Call, observer: Observer, *, endpoint: Endpoint | None) -> Session:
        """What takes a call."""


class MakeBot(Protocol):
    """`App.with_parts`."""

    def __call__(
        self,
        *,
        scheduler: InferenceScheduler,
        recognizer: Recognizer,
        speaker: Speaker,
        estimates: StageEstimates,
    ) -> Sessions: ...


class FastWay:
    """Plays calls on a bot made by `make_bot` of parts for virtual time.

    `known` are the texts that a bot has prepared. `close` when done.
    """

    name = "fast"
    at_once = 1  # there is one clock

    def __init__(
        self,
        make_bot: MakeBot,
        ears: StreamingRecognizer,
        speaker: Speaker,
        settings: Settings,
        costs: Costs,
        known: tuple[str, ...],
        memory: Memory | None = None,
    ) -> None:
        self.memory = memory or Memory(cache_folder() / "heard")
        self.scheduler = ModelledScheduler(costs)
        prepared = frozenset(clause.text for clause in speaker.fixed(known))
        # Only what calls use of a speaker: the session asks for no more.
        voice = cast(Speaker, ReplaySpeaker(speaker, prepared, costs))
        self._bot = make_bot(
            scheduler=self.scheduler,
            recognizer=RememberedEars(ears, ears_identity(ears, settings), self.memory, costs),
            speaker=voice,
            estimates=FrozenEstimates(costs),
        )

    def play(self, scripts: Sequence[Script], voicing: Voicing, judge: Judge) -> Iterator[Outcome]:
        """See `bench.Way`."""
        for each in scripts:
            yield tried(each, partial(self._one, each, voicing, judge))

    def _one(self, script: Script, voicing: Voicing, judge: Judge) -> Outcome:
        def session(call: Call, observer: Observer, endpoint: Endpoint) -> Session:
            return self._bot.session(call, observer, endpoint=endpoint)

        played = play_fast(script, voicing.turns(script), session, self.scheduler)
        return judge.judge(played), played.tape

    def close(self) -> None:
        """Stop the scheduler's threads."""
        self.scheduler.close()


def ears_identity(ears: Recognizer, settings: Settings) -> str:
    """All that the ears' readings depend on beside the audio: engine, settings, and their code."""
    import asr_models

    digest = hashlib.sha256()
    for file in sorted(Path(asr_models.__file__).parent.glob("*.*")):
        if file.suffix in (".py", ".json"):
            digest.update(file.read_bytes())
    told = settings.asr.model_dump(mode="json", exclude={"partial_ms", "repair", "rescore"})
    return f"{ears.name} {json.dumps(told, sort_keys=True)} {digest.hexdigest()}"
