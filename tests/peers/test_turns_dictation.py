"""A serial number dictated over a real SIP call, by voice and by keys, corrected and kept.

The bot is ``voicebot serve`` in a process of its own with its real ears and voice; the caller is
an endpoint that dials it, plays recordings, presses keys and listens for the bot's silence.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from line_support import calm
from turns_support import FIXTURES, Bot, serving

from asr_models.wav import read_wav
from telephony import Call
from telephony.baresip.line import BaresipEndpoint
from telephony.config import LineConfig
from tests.ports import free_port
from voicebot.records.store import Records
from voicebot.records.views import CallView, EventView

pytestmark = [pytest.mark.peer, pytest.mark.weights, pytest.mark.timeout(900)]
ANSWER_TIMEOUT_S = 60.0  # a machine busy with other tests
BOT_SILENT_MS = 2000  # longer than any pause between its clauses
LOUD = 300
CORRECTED = "YL2059805906"  # dictated as 2059, 805, 805; 不对，是906
TYPED = "805906"
PAUSE_MS = 1200


@dataclass
class Caller:
    """Our side of the call, and what the bot has kept of it so far."""

    call: Call
    records: Records
    earlier: frozenset[str]  # calls
    quiet_ms: int = 0

    async def listen(self) -> None:
        """Follow how long the bot has been silent; run it beside the rest."""
        async for frame in self.call.frames():
            loud = int(np.abs(np.frombuffer(frame, np.int16).astype(np.int32)).max()) > LOUD
            self.quiet_ms = 0 if loud else self.quiet_ms + 20

    async def says(self, *clips: str) -> None:
        """Play recordings, each when the one before was heard; returns when the last was.

        Between two of them the caller is silent for longer than a turn waits.
        """
        for clip in clips:
            heard = self.turns_heard()
            wav = read_wav(FIXTURES / f"{clip}.wav")
            assert wav.sample_rate == 8000
            self.call.play(wav.mono().tobytes())
            while self.call.queued_ms:  # noqa: ASYNC110 (the line tells how much is left, no event)
                await asyncio.sleep(0.05)
            await self.until(lambda: self.turns_heard() > heard, f"{clip} is heard")  # noqa: B023
            self.quiet_ms = 0
            await self.until(lambda: self.quiet_ms >= PAUSE_MS, "the bot is silent")

    def turns_heard(self) -> int:
        """How many turns of the caller's the bot has taken in."""
        return sum(turn.who == "caller" for turn in self.view().turns)

    def kept(self) -> bool:
        """Whether the bot has begun to write this call down."""
        return any(row.id not in self.earlier for row in self.records.list_calls())

    def view(self) -> CallView:
        (row,) = (row for row in self.records.list_calls() if row.id not in self.earlier)
        return self.records.get_call(row.id)

    async def hears(self, kind: str, slot: str, after: int = -1) -> EventView:
        """The bot's next utterance of this kind about this slot, once it has been said."""

        def found() -> EventView | None:
            for event in self.view().events if self.kept() else ():
                data = event.data
                about = event.kind == "bot_spoke" and data["kind"] == kind and data["slot"] == slot
                if about and event.seq > after:
                    return event
            return None

        event = await self.until(found, f"the bot says {kind} about {slot!r} after {after}")
        self.quiet_ms = 0  # it is told as its first sound leaves: the silence is the one after it
        await self.until(lambda: self.quiet_ms >= BOT_SILENT_MS, "the bot falls silent")
        return event

    async def until(self, done: Any, what: str) -> Any:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S):
                while not (value := done()):  # noqa: ASYNC110 (another process's records)
                    await asyncio.sleep(0.1)
                return value
        except TimeoutError:
            said = [f"{turn.who}: {turn.text}" for turn in self.view().turns] if self.kept() else []
            raise AssertionError(f"not in {ANSWER_TIMEOUT_S:g} s: {what}; {said}") from None

    def number(self, slot: str) -> list[str]:
        """The values told for a slot, in order."""
        events = self.view().events
        told = (event.data for event in events if event.kind == "number_dictated")
        return [data["value"] for data in told if data["slot"] == slot]


@pytest.fixture(scope="module")
def bot(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    """A bot for all calls of this file."""
    patient = {
        # The quick voice: this is about ears, and a busy machine has none to spare for both.
        "VOICEBOT__SPEECH__ENGINE": "espeak",
        # On a machine that is busy with other tests a reply may take its time.
        "VOICEBOT__TURNS__WATCHDOG_MS": "20000",
        "VOICEBOT__TURNS__NO_INPUT_MS": "20000",
        "VOICEBOT__BUDGET__LIMIT_MS": "15000",
    }
    with serving(tmp_path_factory.mktemp("dictated") / "records", models, **patient) as made:
        yield made


@contextlib.asynccontextmanager
async def calling(bot: Bot) -> AsyncIterator[Caller]:
    """A caller who has dialled the bot and heard its greeting."""
    config = LineConfig(listen=f"127.0.0.1:{free_port()}", rtp_ports="28300-28498")
    endpoint = BaresipEndpoint(config, calm())
    await endpoint.start()
    records = Records.open(bot.folder, create=False)
    try:
        earlier = frozenset(row.id for row in records.list_calls())
        result = await endpoint.dial(f"sip:400@127.0.0.1:{bot.port}")
        assert result.call is not None, result
        caller = Caller(result.call, records, earlier)
        listening = asyncio.ensure_future(caller.listen())
        await caller.hears("greeting", "")
        yield caller
        await result.call.hangup()
        await listening
    finally:
        records.close()
        await endpoint.stop()


async def test_a_dictated_serial_number_is_corrected_and_kept(bot: Bot) -> None:
    async with calling(bot) as caller:
        await caller.says("report_repair")
        await caller.hears("ask", "serial")
        await caller.says("serial_group1", "serial_group2", "serial_group2")
        read = await caller.hears("read_back", "serial")
        await caller.says("serial_wrong_group")
        again = await caller.hears("read_back", "serial", read.seq)
        assert caller.number("serial") == []
        await caller.says("yes_right")
        await caller.hears("ask", "part")
        values = caller.number("serial")
        said = [f"{turn.who}: {turn.text}" for turn in caller.view().turns]
    print("\n".join(said))
    assert read.data["text"] != again.data["text"]
    assert values == [CORRECTED], said


async def test_keys_take_over_in_the_middle(bot: Bot) -> None:
    async with calling(bot) as caller:
        await caller.says("report_repair")
        await caller.hears("ask", "serial")
        await caller.says("serial_group1")
        await caller.call.send_digits(TYPED)
        read = await caller.hears("read_back", "serial")
        assert caller.number("serial") == []
        await caller.call.send_digits("#")
        await caller.hears("ask", "part", read.seq)
        values = caller.number("serial")
        said = [f"{turn.who}: {turn.text}" for turn in caller.view().turns]
    print("\n".join(said))
    assert values == [CORRECTED], said
