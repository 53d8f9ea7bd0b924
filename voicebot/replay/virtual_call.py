"""A scripted caller's call in virtual time."""

from __future__ import annotations

import asyncio

from telephony.api import FRAME_BYTES, FRAME_MS, CallInfo, Hangup, HangupBy
from telephony.file_line import FileCall
from voicebot.replay.caller import Caller
from voicebot.replay.effects import LineEffects, Received


class _Ear:
    """A tap that keeps the last frame which left: what the caller hears."""

    def __init__(self) -> None:
        self.heard = bytes(FRAME_BYTES)

    def sent(self, pcm: bytes) -> None:
        self.heard = pcm

    def received(self, pcm: bytes) -> None:
        """What they say themselves."""


class VirtualCall(FileCall):
    """A `FileCall` whose caller hears the bot and speaks as its script says."""

    def __init__(self, caller: Caller, effects: LineEffects, name: str) -> None:
        info = CallInfo(call_id=name, caller="replay", callee="voicebot", codec="pcm")
        super().__init__(b"", info=info)
        self._caller = caller
        self._effects = effects
        self._received = Received()
        self._ear = _Ear()
        self.attach(self._ear)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        start_s, number = loop.time(), 0
        while self.ended is None and not self._caller.hung_up:
            number += 1
            await asyncio.sleep(max(0.0, start_s + number * FRAME_MS / 1000 - loop.time()))
            heard = self._ear.heard
            said = self._caller.frame(heard)
            mixed = self._effects.mixed(said.pcm, heard)
            self._pcm = self._received.frame(None if self._effects.lost() else mixed)
            for digit in said.digits:
                self._digits.put(digit)
            self._tick(0)
        self._finish(Hangup(HangupBy.REMOTE, self._caller.hung_up or "hung up"))
