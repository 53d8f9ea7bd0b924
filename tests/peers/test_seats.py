"""Callers brought to real seats: Debian's baresip on both sides, the package before the ring."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from debian_baresip import Phone, debian_baresip
from line_support import Samples, find, samples, voice, write_wav
from transfer_support import sipp

from telephony import TransferOutcome
from tests.peers.seats_support import SeatsBot, seats_bot
from tests.ports import free_port
from tests.webhooks.receiver import Receiver
from tests.webhooks.telling import endpoint as webhook
from voicebot.handoff import NobodyThere, OfficeHours, SeatState
from voicebot.handoff.interrupted import book_interrupted
from voicebot.handoff.keeping import build_roster
from voicebot.records.store import Records
from voicebot.session import events as facts
from voicebot.settings import HandoffSettings, OfficeHoursSettings

pytestmark = pytest.mark.peer
ROOT = Path(__file__).parents[2]
CALLER_SAYS, SEAT_SAYS = voice(1.0, seed=41), voice(1.0, seed=42)


ASKS = bytes(2 * 16_000) + CALLER_SAYS


def speech(path: Path, said: bytes) -> Path:
    """A wav of `said` after each of forty pauses of two seconds: a greeting fits in."""
    return write_wav(path, (bytes(2 * 16_000) + said) * 40)


def snr_db(said: bytes, heard: Samples) -> float:
    """The median of its fifths of a second, each where it is clearest."""
    pieces = samples(said).reshape(5, -1)
    return float(np.median([find(piece, heard)[1] for piece in pieces]))


@contextlib.asynccontextmanager
async def phones(folder: Path, seats: int = 1) -> AsyncIterator[tuple[Phone, list[Phone]]]:
    """A caller's baresip, and seats that ring until they are told what to do."""
    asks, says = speech(folder / "asks.wav", CALLER_SAYS), speech(folder / "says.wav", SEAT_SAYS)
    async with contextlib.AsyncExitStack() as stack:
        caller = await stack.enter_async_context(
            debian_baresip(folder / "caller", say=asks, rtp_ports="23200-23298")
        )
        rung = [
            await stack.enter_async_context(
                debian_baresip(
                    folder / f"seat{nth}",
                    say=says,
                    account="answermode=manual",
                    rtp_ports=f"{23300 + 100 * nth}-{23398 + 100 * nth}",
                )
            )
            for nth in range(seats)
        ]
        yield caller, rung


def settings(seats: list[Phone], **more: Any) -> HandoffSettings:
    named = [{"name": f"二线0{nth}", "uri": seat.uri} for nth, seat in enumerate(seats, 1)]
    return HandoffSettings.model_validate({"seats": named, "wrap_up_s": 60, **more})


def state(bot: SeatsBot, name: str) -> SeatState:
    return bot.desk.roster.seat(name).state


async def is_in(bot: SeatsBot, name: str, wanted: SeatState) -> None:
    deadline = time.monotonic() + 5
    while state(bot, name) is not wanted:
        assert time.monotonic() < deadline, f"{name} is {state(bot, name)}, not {wanted}"
        await asyncio.sleep(0.02)


async def test_the_first_seat_declines_the_second_accepts_and_both_hear_each_other(
    tmp_path: Path,
) -> None:
    """By time stamps: the story is stored, told and delivered; then the INVITE leaves."""
    receiver, port = Receiver(), free_port()
    with contextlib.closing(receiver):
        async with (
            phones(tmp_path, seats=2) as (caller, (first, second)),
            seats_bot(
                port, tmp_path / "records", settings([first, second]), [webhook(receiver.url)]
            ) as bot,
        ):
            await caller.command("dial", f"sip:400@127.0.0.1:{port}")
            await first.event("CALL_INCOMING", timeout_s=20)
            assert state(bot, "二线01") is SeatState.RINGING
            await first.command("hangup")
            await second.event("CALL_INCOMING", timeout_s=20)
            await second.command("accept")
            await is_in(bot, "二线02", SeatState.TALKING)
            await asyncio.sleep(6.5)  # they talk: what each heard is measured below
            await second.command("hangup")
            ended = await bot.until(facts.CallEnded)
            await bot.records.settled()
            finished = bot.of(facts.HandoffFinished)[0]
            tried = [(rang.seat, rang.outcome) for rang in bot.of(facts.SeatRang)]
            (row,) = bot.records.list_calls()
            view = bot.records.get_call(row.id)
            rested = state(bot, "二线02")
        started = [
            at
            for at, got in zip(receiver.times, receiver.got, strict=True)
            if got["type"] == "handoff.started"
        ]
    delivered, dialled = bot.when(facts.SummaryDelivered), bot.endpoint.dialled[0][1]
    order = {"webhook": started[0], "observers": delivered, "INVITE": dialled}
    print({what: f"{1000 * (at - started[0]):.1f} ms" for what, at in order.items()})
    assert started[0] < dialled and delivered < dialled
    told = bot.of(facts.SummaryDelivered)[0]
    assert told.stored and told.summary["id"] == told.summary_id
    assert view.summary is not None and view.summary["id"] == told.summary_id
    assert f"X-Summary-Id: {told.summary_id}" in second.log()
    assert tried == [("二线01", "busy"), ("二线02", "accepted")]  # it declines by 486
    assert (finished.outcome, finished.seat) == ("accepted", "二线02")
    assert rested is SeatState.WRAP_UP
    assert ended.outcome == "handed_off"
    to_seat, to_caller = snr_db(CALLER_SAYS, second.heard()), snr_db(SEAT_SAYS, caller.heard())
    print(f"caller to seat {to_seat:.1f} dB, seat to caller {to_caller:.1f} dB")
    assert min(to_seat, to_caller) >= 30


async def test_nobody_is_there_and_the_caller_is_told_so(tmp_path: Path) -> None:
    port = free_port()
    async with (
        phones(tmp_path) as (caller, (seat,)),
        seats_bot(port, tmp_path / "records", settings([seat], start_away=True)) as bot,
    ):
        await caller.command("dial", f"sip:400@127.0.0.1:{port}")
        end = await bot.until(facts.HandoffFinished)
        assert end.outcome is NobodyThere.NO_SEAT
        assert end.summary_stored
        said = (await bot.until(facts.BotSpoke, 3)).text
        assert said == "没有接通请继续说"
        assert bot.endpoint.dialled == []
        assert bot.of(facts.CallEnded) == []
        await caller.command("hangup")
        await bot.until(facts.CallEnded)


async def test_a_seat_that_hangs_up_in_its_ring_leaves_the_caller_with_the_bot(
    tmp_path: Path,
) -> None:
    port = free_port()
    async with (
        phones(tmp_path) as (caller, (seat,)),
        seats_bot(port, tmp_path / "records", settings([seat], max_wait_s=0)) as bot,
    ):
        await caller.command("dial", f"sip:400@127.0.0.1:{port}")
        await seat.event("CALL_INCOMING", timeout_s=20)
        await seat.command("hangup")
        end = await bot.until(facts.HandoffFinished)
        assert end.outcome is TransferOutcome.BUSY
        await bot.until(facts.BotSpoke, 3)
        assert state(bot, "二线01") is SeatState.READY
        await caller.command("hangup")
        await bot.until(facts.CallEnded)


async def test_a_caller_who_hangs_up_in_the_ring_stops_the_seats_telephone(
    tmp_path: Path,
) -> None:
    port = free_port()
    async with (
        phones(tmp_path) as (caller, (seat,)),
        seats_bot(port, tmp_path / "records", settings([seat])) as bot,
    ):
        await caller.command("dial", f"sip:400@127.0.0.1:{port}")
        await seat.event("CALL_INCOMING", timeout_s=20)
        await caller.command("hangup")
        end = await bot.until(facts.HandoffFinished)
        assert end.outcome is TransferOutcome.CALLER_GONE
        await seat.event("CALL_CLOSED")
        ended = await bot.until(facts.CallEnded)
        assert ended.outcome == "caller_gone"
        assert state(bot, "二线01") is SeatState.READY
        assert len(bot.desk.queue) == 0


async def test_a_caller_waits_in_words_and_music_until_the_seat_is_free(tmp_path: Path) -> None:
    """The seat is in wrap-up: the caller hears where they stand, then music, then ringing."""
    port = free_port()
    async with (
        phones(tmp_path) as (caller, (seat,)),
        seats_bot(port, tmp_path / "records", settings([seat])) as bot,
    ):
        bot.desk.roster.set_state("二线01", "wrap_up", "test")
        await caller.command("dial", f"sip:400@127.0.0.1:{port}")
        waits = await bot.until(facts.HandoffWaits)
        assert (waits.position, waits.expected_wait_s) == (1, None)
        told = await bot.until(facts.BotSpoke, 3)
        assert "第1位" in told.text
        await asyncio.sleep(1.5)  # some music
        bot.desk.roster.set_state("二线01", "ready", "test")
        await seat.event("CALL_INCOMING")
        await seat.command("accept")
        await is_in(bot, "二线01", SeatState.TALKING)
        await seat.command("hangup")
        await bot.until(facts.CallEnded)
        heard = caller.heard()
    silent = longest_silence_s(heard)
    print(f"longest silence of {len(heard) / 8000:.1f} s: {silent:.2f} s")
    assert silent <= 4.5, "ringback is silent for 4 s"


def longest_silence_s(heard: Samples) -> float:
    frames = heard[: len(heard) // 160 * 160].reshape(-1, 160)
    loud = np.flatnonzero(np.std(frames, axis=1) > 30)
    edges = np.concatenate([[-1], loud, [len(frames)]])
    return float(np.max(np.diff(edges)) * 0.02)


async def test_a_pbx_that_knows_no_refer_leaves_the_ringing_to_the_bot(tmp_path: Path) -> None:
    port = free_port()
    async with (
        phones(tmp_path) as (_, (seat,)),
        seats_bot(port, tmp_path / "records", settings([seat], mode="refer")) as bot,
        sipp(
            *("refer_refused.xml", tmp_path, 23700),
            target=port,
            says=ASKS,
            final="405 Method Not Allowed",
        ) as far,
    ):
        await seat.event("CALL_INCOMING", timeout_s=20)
        await seat.command("accept")
        await is_in(bot, "二线01", SeatState.TALKING)
        (attempt,) = bot.of(facts.SeatRang)
        assert attempt.outcome is TransferOutcome.ACCEPTED
        await seat.command("hangup")
        ended = await bot.until(facts.CallEnded)
        assert ended.outcome == "handed_off"
        await far.finish()


async def test_a_pbx_that_refuses_the_transfer_gives_the_caller_back(tmp_path: Path) -> None:
    port = free_port()
    async with (
        phones(tmp_path) as (_, (seat,)),
        seats_bot(port, tmp_path / "records", settings([seat], mode="refer")) as bot,
        sipp(
            *("refer_refused.xml", tmp_path, 23700),
            target=port,
            says=ASKS,
            final="403 Forbidden",
        ) as far,
    ):
        end = await bot.until(facts.HandoffFinished)
        assert end.outcome is TransferOutcome.FAILED
        (attempt,) = bot.of(facts.SeatRang)
        assert attempt.sip_code == 403
        assert (await bot.until(facts.BotSpoke, 3)).text == "没有接通请继续说"
        assert bot.of(facts.CallEnded) == [], "the caller is still with the bot"
        assert state(bot, "二线01") is SeatState.READY
        await bot.endpoint.stop()
        await far.finish()


async def test_a_page_that_fails_or_is_closed_costs_nobody_their_human(tmp_path: Path) -> None:
    def closed(_call_id: str, _event: facts.SessionEvent) -> None:
        raise ConnectionResetError("the browser has gone")

    port = free_port()
    async with (
        phones(tmp_path) as (caller, (seat,)),
        seats_bot(port, tmp_path / "records", settings([seat])) as bot,
    ):
        bot.observers.append(closed)
        await caller.command("dial", f"sip:400@127.0.0.1:{port}")
        await seat.event("CALL_INCOMING", timeout_s=20)
        await seat.command("accept")
        await is_in(bot, "二线01", SeatState.TALKING)
        await seat.command("hangup")
        ended = await bot.until(facts.CallEnded)
        assert ended.outcome == "handed_off"
        (row,) = bot.records.list_calls()
        assert bot.records.get_call(row.id).summary is not None


async def test_a_bot_killed_in_the_ring_loses_neither_the_story_nor_the_caller(
    tmp_path: Path,
) -> None:
    """kill -9: the next start knows the seat, says what became of it, and books a call back."""
    port, folder = free_port(), tmp_path / "records"
    async with phones(tmp_path) as (_, (seat,)):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "tests.peers.seats_support", "--port", str(port)),
            *("--records", str(folder), "--seat", f"二线01={seat.uri}"),
            stdout=asyncio.subprocess.PIPE,
            cwd=ROOT,
        )
        try:
            assert process.stdout is not None
            assert await asyncio.wait_for(process.stdout.readline(), 60) == b"listening\n"
            async with sipp(
                *("refer_silent.xml", tmp_path, 23700), target=port, says=ASKS
            ) as caller:
                await seat.event("CALL_INCOMING", timeout_s=20)
                await asyncio.sleep(0.3)  # what was told of the ringing goes to the disk
                process.kill()
                caller.process.kill()
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
    records = Records.open(folder)
    try:
        (row,) = records.list_calls()
        view = records.get_call(row.id)
        assert row.outcome == "interrupted"
        assert view.handoff is not None and view.handoff.outcome == "interrupted"
        assert view.summary is not None and view.summary["id"] == view.handoff.summary_id
        assert [change.state for change in records.seats.latest()] == ["ringing"]
        roster = build_roster(settings([seat]), records)
        assert roster.seat("二线01").state is SeatState.READY
        hours, now = OfficeHours(OfficeHoursSettings()), roster.now()
        assert book_interrupted(records, hours, now) == 1
        assert book_interrupted(records, hours, now) == 0, "each caller once"
        (callback,) = records.callbacks.list()
        assert (callback.call_id, callback.reason) == (row.id, "interrupted")
        assert callback.number == "139******00"
        assert records.callbacks.number(callback.id, who="二线01") == "13900139000"
    finally:
        records.close()
