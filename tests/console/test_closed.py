"""A seat's console that goes away in the middle: the call has its end, the caller no silence.

The real session, desk and bridge in real time, the real console on a socket, and a client that
follows the seat's page and is gone: while the story is awaited, or while the telephone rings.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

import pytest

from telephony import TransferOutcome
from tests.console.conftest import Browser
from tests.console.test_live import Stream
from tests.session.control_rig import (
    ASKS_FOR_A_HUMAN,
    CALL_ID,
    SEAT_HZ,
    Act,
    Rig,
    caller,
    hums,
    phone,
)
from tests.session.fakes import ToneVoice
from tests.session.rig import of
from voicebot.console import House, LiveCalls, open_listener, running
from voicebot.records import Records
from voicebot.session import events as facts
from voicebot.session.control import CallControl
from voicebot.settings import ConsoleSettings, Settings
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler

SEAT = "二线02"  # of the account that is a seat
RINGBACK_HZ = 450
DEADLINE_S = 90.0
RING_S = 3.0
LEAST = 5  # tenths of a second of a sound: it was heard


@pytest.fixture
def scheduler() -> Iterator[InferenceScheduler]:
    Speaker(ToneVoice()).clauses("热身")  # loads the word list, which takes real seconds
    made = InferenceScheduler(workers=2)
    yield made
    made.close()


@dataclass
class Scene:
    """A caller who will ask for a human, and the only seat's page, followed before the call."""

    rig: Rig
    house: House
    seat: Browser
    page: Stream
    console: contextlib.AsyncExitStack
    tab: contextlib.AsyncExitStack

    async def story(self) -> None:
        """Read until the page tells the story of the call."""
        while True:
            _, parts = await self.page.next()
            if f'data-call="{CALL_ID}"' in parts.get("my-story", ""):
                return

    async def play(self, scheduler: InferenceScheduler, act: Act) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self.rig.play(caller(), scheduler, act, tail_ms=int(DEADLINE_S * 1000))

    def heard(self, hz: int) -> list[int]:
        """When the caller heard a tone, in ms; the bot's side of the tape."""
        return hums(self.rig.tape[:, 1], hz)


async def until(ask: Callable[[], object]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not ask():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def told(rig: Rig) -> list[facts.BotSpoke]:
    """What the bot began to say after the hand-off had ended."""
    kinds = [type(event) for event in rig.seen]
    if facts.HandoffFinished not in kinds:
        return []
    return of(rig.seen[kinds.index(facts.HandoffFinished) :], facts.BotSpoke)


@pytest.fixture
async def scene(
    records: Records, people: Records, live: LiveCalls, settings: Settings
) -> AsyncIterator[Scene]:
    rig = Rig(
        texts=["转人工"],
        conversation=ASKS_FOR_A_HUMAN,
        seats=(SEAT,),
        ring_s=RING_S,
        handoff={"max_wait_s": 0},
        watch=lambda event: live(CALL_ID, event),
    )
    house = House(records, live, settings, roster=rig.roster)
    listener = open_listener(ConsoleSettings(listen="127.0.0.1:0"))
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with contextlib.AsyncExitStack() as console, contextlib.AsyncExitStack() as tab:
        await console.enter_async_context(running(listener, house))
        seat = await tab.enter_async_context(Browser(base_url=base, trust_env=False))
        await seat.sign_in("seat")
        answer = await tab.enter_async_context(seat.stream("GET", "/seat/events"))
        page = Stream(answer)
        assert "my-state" in (await page.next())[1]
        yield Scene(rig, house, seat, page, console, tab)


async def test_a_page_closed_before_it_could_tell_that_it_shows_the_story(
    scene: Scene, scheduler: InferenceScheduler
) -> None:
    rig, closed = scene.rig, asyncio.Event()
    rig.dials.append(phone(SEAT_HZ, says_ms=2000, tail_ms=2500))
    asked: list[bool] = []

    async def before_ring(seat: str, call_id: str) -> None:
        asked.append(await scene.house.screens.shown(seat, call_id))
        await closed.wait()

    async def act(_rig: Rig, _control: CallControl) -> None:
        await scene.story()
        await scene.tab.aclose()
        closed.set()

    rig.before_ring = before_ring
    await scene.play(scheduler, act)
    assert asked == [False], "the page never said that it shows the story"
    (end,) = of(rig.seen, facts.HandoffFinished)
    assert (end.outcome, end.seat) == (TransferOutcome.ACCEPTED, SEAT)
    assert of(rig.seen, facts.CallEnded)[0].outcome == "handed_off"
    ringing, talk = scene.heard(RINGBACK_HZ), scene.heard(SEAT_HZ)
    assert len(ringing) >= LEAST and len(talk) >= LEAST
    assert ringing[0] < talk[0]


async def test_a_page_and_then_the_whole_console_gone_while_the_telephone_rings(
    scene: Scene, scheduler: InferenceScheduler
) -> None:
    rig, closed = scene.rig, asyncio.Event()
    rig.dials.append(TransferOutcome.NO_ANSWER)
    rig.rings_until = closed

    async def shown(seat: str, call_id: str) -> None:
        assert await scene.house.screens.shown(seat, call_id, DEADLINE_S)

    async def act(rig: Rig, _control: CallControl) -> None:
        await scene.story()
        assert rig.endpoint.dialled == [], "the story is there before the ring"
        seen = await scene.seat.send_form("/seat/seen", call=CALL_ID)
        assert seen.status_code == 204
        await until(lambda: rig.endpoint.dialled)
        await scene.tab.aclose()
        await scene.console.aclose()
        closed.set()
        await until(lambda: told(rig))
        assert rig.line is not None
        await rig.line.hangup()

    rig.before_ring = shown
    await scene.play(scheduler, act)
    rang = [(each.seat, each.outcome) for each in of(rig.seen, facts.SeatRang)]
    assert rang == [(SEAT, TransferOutcome.NO_ANSWER)]
    (end,) = of(rig.seen, facts.HandoffFinished)
    assert end.outcome == TransferOutcome.NO_ANSWER
    assert rig.roster.seat(SEAT).call_id == "", "the seat is free of this call"
    assert len(scene.heard(RINGBACK_HZ)) >= LEAST
    assert told(rig), "the bot tells the caller, and goes on"
    assert of(rig.seen, facts.CallEnded)[0].outcome
