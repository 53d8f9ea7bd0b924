"""The bot's voice in a replay: what is prepared is at hand, the rest costs what the table says.

On a bot that has been up for a while everything its pack says word for word is prepared. Whether a
clause lies in this machine's cache must not matter: two runs would differ.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from voicebot.replay.costs import Costs
from voicebot.replay.modelled_time import spend
from voicebot.speech.api import LINE_RATE, Clause, Pcm
from voicebot.speech.chain import Spoken, Utterance
from voicebot.speech.pace import Made, Pace
from voicebot.speech.speaker import OFFLINE_TIMEOUT_S, Speaker

_PIECE_MS = 400


class ReplaySpeaker:
    """What a call uses of a `Speaker`; `prepared` are the texts of the clauses at hand."""

    def __init__(self, speaker: Speaker, prepared: frozenset[str], costs: Costs) -> None:
        self._speaker = speaker
        self._prepared = prepared
        self._costs = costs
        self._made: dict[str, Pcm] = {}
        self.pace = Pace()
        # The pace that the table implies, learned before the first call and never again.
        second = [Made(_PIECE_MS, n * self._piece_s) for n in range(10)]
        for _ in range(50):
            self.pace.learn(speaker.name, "一二三四五六七八九十一二三四五六七八", second)

    @property
    def _piece_s(self) -> float:
        return self._costs.voice_ms_per_s * _PIECE_MS / 1e6

    @property
    def sample_rate(self) -> int:
        return LINE_RATE

    @property
    def name(self) -> str:
        return self._speaker.name

    @property
    def stand_in(self) -> int | None:
        return None

    def clauses(self, text: str) -> list[Clause]:
        """See `Speaker.clauses`."""
        return self._speaker.clauses(text)

    def cached(self, clause: Clause, utterance: Utterance | None = None) -> Pcm | None:
        """The clause's audio, if it is one that is prepared."""
        return self.render(clause) if clause.text in self._prepared else None

    def render(self, clause: Clause, *, timeout_s: float | None = None) -> Pcm:
        """The clause's audio, for nothing; however long this machine takes, in the first voice."""
        if clause.text not in self._made:
            pcm = self._speaker.kept(clause)
            if pcm is None:
                # Not `Speaker.render`: on a busy machine the second voice would speak at times.
                self._speaker.prepare_clause(clause)
                pcm = self._speaker.kept(clause)
            if pcm is None:  # a speaker without a cache
                pcm = self._speaker.render(clause, timeout_s=OFFLINE_TIMEOUT_S)
            self._made[clause.text] = pcm
        return self._made[clause.text]

    def stream(
        self,
        clause: Clause,
        *,
        timeout_s: float | None = None,
        stop: threading.Event | None = None,
        utterance: Utterance | None = None,
    ) -> Iterator[Spoken]:
        """The clause piece by piece, each when the table says that it would be there."""
        pcm = self.render(clause, timeout_s=timeout_s)
        if clause.text in self._prepared:
            yield Spoken(pcm, self.name, "replay", clause.text, pcm, kept=True)
            return
        size = LINE_RATE * _PIECE_MS // 1000
        pieces = [pcm[at : at + size] for at in range(0, len(pcm), size)] or [pcm]
        spend(self._costs.voice_first_ms)
        for number, piece in enumerate(pieces):
            if stop is not None and stop.is_set():
                return
            if number:
                spend(self._piece_s * 1000)
            last = number == len(pieces) - 1
            text, whole = (clause.text, pcm) if last else ("", None)
            yield Spoken(np.ascontiguousarray(piece), self.name, "replay", text, whole)

    def close(self) -> None:
        """It prepares nothing."""
