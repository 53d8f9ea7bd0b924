"""Calls joined in the middle: each hears the others until one of them ends.

Two legs, "a" and "b", and a third one, "c", for as long as it likes. Keys pressed on one leg are
sent on to the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from telephony.api import Call, Hangup
from telephony.cushion import Cushion
from telephony.errors import LineError
from telephony.mixing import Ear, Overlay

Leg = Literal["a", "b", "c"]
Tap = Callable[[str, bytes], None]
_log = logging.getLogger("telephony")


@dataclass(frozen=True)
class BridgeEnd:
    """Which leg ended the bridge, and how. What else is up still is: its fate is the caller's."""

    leg: Leg
    hangup: Hangup


@runtime_checkable
class Relaying(Protocol):
    """A call that hands audio on as it arrives, before it is paced into frames.

    Frames follow the clock of this machine: where the far end's clock or network differs, audio
    was cut or filled up already. The cushion can do that in the pauses.
    """

    def relay(self, sink: Callable[[bytes], None] | None) -> None:
        """Tell `sink` every 10 ms what has arrived, perhaps nothing; None ends it."""


async def bridge(a: Call, b: Call, tap: Tap | None = None) -> BridgeEnd:
    """Join two answered calls; returns as soon as either has ended, and says which.

    Takes over `frames()` of both; what was queued on them fades out. `tap` gets every frame
    heard, as ("a" or "b", frame): for partial recognition or monitoring. Cancelling it leaves
    both calls up.
    """
    return await Bridge(a, b, tap).run()


class Bridge:
    """What `bridge` runs, for who wishes to do more with it while it lasts.

    "a" is who is served: the bridge ends with it, or when nobody is left to serve it.
    """

    def __init__(self, a: Call, b: Call, tap: Tap | None = None) -> None:
        self._a, self._b = a, b
        self._tap = tap
        self._members: dict[Leg, _Member] = {}
        self._joined = asyncio.Event()
        self._over = False

    async def run(self) -> BridgeEnd:
        """Until "a" has ended, or all the others have."""
        try:
            self._connect("a", self._a)
            self._connect("b", self._b)
            while True:
                await self._change()
                for leg, member in list(self._members.items()):
                    if member.life.done():
                        hangup = member.life.result()  # a tap that raised is its owner's error
                        if leg == "a" or len(self._members) == 2:
                            return BridgeEnd(leg, hangup)
                        await self._disconnect(leg)
        finally:
            self._over = True
            for leg in list(self._members):
                await self._disconnect(leg)

    # --- while it lasts -------------------------------------------------------------------------
    def up(self, leg: Leg) -> bool:
        """Whether this leg is in it now."""
        return not self._over and leg in self._members

    def join(self, c: Call) -> None:
        """Add a third leg: it hears both, both hear it, and it may leave without ending anything.

        Takes over its `frames()`. Raises LineError where the bridge is over or has a third leg.
        """
        if self._over or not self._members:
            raise LineError("bridge: nobody is joined here; join while two legs talk")
        if "c" in self._members:
            raise LineError("bridge: there is a third leg already, and no room for a fourth")
        self._connect("c", c)
        self._joined.set()

    def beside(self, leg: Leg) -> Overlay:
        """A voice that this leg alone hears, beside the others. Raises LineError if it is gone."""
        if not self.up(leg):
            raise LineError(f"bridge: leg {leg} is not there")
        return self._members[leg].ear.beside()

    def remove(self, leg: Leg, overlay: Overlay) -> None:
        """That voice is over; what waits of it is still heard. Idempotent."""
        if leg in self._members:
            self._members[leg].ear.remove(overlay)

    # --- who is in it ---------------------------------------------------------------------------
    async def _change(self) -> None:
        """Wait until a leg has ended or joined."""
        self._joined.clear()
        joined = asyncio.ensure_future(self._joined.wait())
        lives = [member.life for member in self._members.values()]
        try:
            await asyncio.wait([joined, *lives], return_when=asyncio.FIRST_COMPLETED)
        finally:
            joined.cancel()

    def _connect(self, leg: Leg, call: Call) -> None:
        call.fade_out()
        voice, ear = _Voice(call, leg, self._tap), Ear(call)
        for other_leg, other in self._members.items():
            other.voice.paths[leg] = _Path(ear)
            voice.paths[other_leg] = _Path(other.ear)
        life = asyncio.create_task(voice.run())
        keys = asyncio.create_task(self._pass_keys(leg, call))
        self._members[leg] = _Member(call, ear, voice, life, keys)

    async def _disconnect(self, leg: Leg) -> None:
        """Let go of a leg; its last sound dies away."""
        member = self._members.pop(leg)
        for task in (member.life, member.keys):
            task.cancel()
        await asyncio.gather(member.life, member.keys, return_exceptions=True)
        member.voice.stop()
        for other in self._members.values():
            other.voice.paths.pop(leg).stop()

    async def _pass_keys(self, leg: Leg, call: Call) -> None:
        """Keys are told beside the audio, so they are sent on by themselves."""
        async for digit in call.digits():
            others = [each for other, each in self._members.items() if other != leg]
            for other in others:
                try:
                    await other.call.send_digits(digit)
                except LineError as error:  # the talk goes on without it
                    _log.warning("bridge: a key of leg %s is lost: %s", leg, error)


@dataclass(frozen=True)
class _Member:
    """One leg of a bridge; `life` runs until it has ended."""

    call: Call
    ear: Ear
    voice: _Voice
    life: asyncio.Task[Hangup]
    keys: asyncio.Task[None]


class _Voice:
    """What one leg says, on its way to all others."""

    def __init__(self, call: Call, leg: str, tap: Tap | None) -> None:
        self._call = call
        self._leg = leg
        self._tap = tap
        self._loop = asyncio.get_running_loop()
        self.paths: dict[str, _Path] = {}

    async def run(self) -> Hangup:
        """Until the leg ends; how it did. Raises what the tap raises."""
        passing = asyncio.create_task(self._pass_on_all())
        ended = asyncio.create_task(self._call.wait_ended())
        try:
            await asyncio.wait({passing, ended}, return_when=asyncio.FIRST_COMPLETED)
            if passing.done():
                passing.result()
            return await ended  # frames end a moment before the call says why
        finally:
            for task in (passing, ended):
                task.cancel()
            await asyncio.gather(passing, ended, return_exceptions=True)

    async def _pass_on_all(self) -> None:
        frames = self._call.frames()
        relayed = isinstance(self._call, Relaying)
        if isinstance(self._call, Relaying):
            self._call.relay(self._pass_on)
        async for frame in frames:
            if self._tap is not None:
                self._tap(self._leg, frame)
            if not relayed:
                self._pass_on(frame)

    def _pass_on(self, pcm: bytes) -> None:
        now_ms = self._loop.time() * 1000
        for path in self.paths.values():
            path.pass_on(pcm, now_ms)

    def stop(self) -> None:
        """Let go of the leg."""
        if isinstance(self._call, Relaying):
            self._call.relay(None)
        for path in self.paths.values():
            path.stop()
        self.paths.clear()


class _Path:
    """One voice on its way to one ear, through a cushion of its own."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear
        self._cushion = Cushion()
        self._overlay = ear.beside() if ear.has_main else None
        ear.has_main = True
        self._now_ms = 0.0

    def pass_on(self, pcm: bytes, now_ms: float) -> None:
        """What was said since; perhaps nothing."""
        self._now_ms = now_ms
        queued_ms = (self._overlay or self._ear).queued_ms
        self._play(self._cushion.pass_on(pcm, queued_ms, now_ms))
        self._ear.tick(now_ms)

    def stop(self) -> None:
        """The last sound dies away. Another voice may be the main one from here on."""
        self._play(self._cushion.finish())
        if self._overlay is None:
            self._ear.has_main = False
        else:
            self._ear.remove(self._overlay)
        _log.debug("bridge: a path has ended: %s", self._cushion.count)

    def _play(self, pcm: bytes) -> None:
        if pcm and self._overlay is not None:
            self._overlay.play(pcm)
        elif pcm:
            self._ear.play(pcm, self._now_ms)
