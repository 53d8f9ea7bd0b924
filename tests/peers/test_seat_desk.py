"""The story is on the screen before the telephone rings: every part of it the real one.

``voicebot serve`` with its weights in its own process, two seats' telephones and a caller's
(Debian's baresip), and the two seats' pages in Debian's Chromium. Run with ``-s`` it prints what
happened when.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from debian_baresip import WAV_HEADER_BYTES, Phone, debian_baresip
from line_support import Samples, find, samples, write_wav
from playwright.async_api import Page

from telephony.wav import read_wav
from tests.console.chromium import chromium, person
from tests.console.invented import CHEAP, PASSWORD
from tests.peers.serve_support import ROOT, Bot, serving
from voicebot.console.passwords import hash_password
from voicebot.records.forms import StoredForm
from voicebot.records.store import Records

pytestmark = [pytest.mark.peer, pytest.mark.weights, pytest.mark.timeout(900)]
T = TypeVar("T")
FIRST, SECOND = "二线01", "二线02"
PEOPLE = {"李雷": FIRST, "韩梅": SECOND}
SECONDS = 90  # a deadline, not a measure
CLEAR_DB = 20
PAUSE = bytes(2 * 8000)
# Tells the time (ms since 1970) at which the story, and the form, came into the page.
NOTE = """() => {
  window.drawn = {};
  const note = () => {
    const call = document.querySelector('#my-story [data-call]')?.dataset.call;
    if (call) window.drawn.story ??= Date.now();
    if (document.querySelector('#my-form form')) window.drawn.form ??= Date.now();
  };
  for (const id of ['my-story', 'my-form'])
    new MutationObserver(note).observe(document.getElementById(id), {childList: true});
}"""


def fixture(name: str) -> bytes:
    return read_wav(ROOT / "audio_fixtures" / name)


# Asks what nothing is known about, and again when offered a human: that is low confidence.
QUESTION, SEAT_SAYS = map(fixture, ("off_topic.wav", "seat_hello.wav"))
CALLER_SAYS = 5 * PAUSE + (QUESTION + 7 * PAUSE) * 20


@dataclass
class Timeline:
    """What happened when, in seconds since 1970."""

    times: dict[str, float] = field(default_factory=dict)

    def mark(self, what: str, at: float | None = None) -> None:
        self.times[what] = time.time() if at is None else at

    def print(self) -> None:
        start = min(self.times.values())
        for what, at in sorted(self.times.items(), key=lambda each: each[1]):
            print(f"{at - start:8.3f} s  {what}")


async def until(ask: Callable[[], T | None], what: str) -> T:
    """Ask again and again until there is an answer."""
    deadline = time.monotonic() + SECONDS
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"no {what} within {SECONDS} s"
        await asyncio.sleep(0.005)
    return answer


@dataclass
class Desk:
    """All that takes part, running."""

    bot: Bot
    records: Records
    caller: Phone
    seats: tuple[Phone, Phone]
    pages: tuple[Page, Page]
    complaints: list[str]


@contextlib.asynccontextmanager
async def desk(folder: Path, models: Path) -> AsyncIterator[Desk]:
    """Phones, a bot that knows the seats among them, and a page for each seat."""
    asks = write_wav(folder / "asks.wav", CALLER_SAYS)
    says = write_wav(folder / "says.wav", (PAUSE + SEAT_SAYS) * 100)
    async with contextlib.AsyncExitStack() as stack:
        caller = await stack.enter_async_context(
            debian_baresip(folder / "caller", say=asks, rtp_ports="24500-24598")
        )
        first, second = [
            await stack.enter_async_context(
                debian_baresip(
                    folder / name,
                    say=says,
                    account="answermode=manual",
                    rtp_ports=f"{24600 + 100 * nth}-{24698 + 100 * nth}",
                )
            )
            for nth, name in enumerate((FIRST, SECOND))
        ]
        more = {"VOICEBOT__HANDOFF__WRAP_UP_S": "600"}
        for nth, (name, phone) in enumerate(((FIRST, first), (SECOND, second))):
            more[f"VOICEBOT__HANDOFF__SEATS__{nth}__NAME"] = name
            more[f"VOICEBOT__HANDOFF__SEATS__{nth}__URI"] = phone.uri
        bot = stack.enter_context(serving(folder / "records", models, more))
        records = bot.records()
        stack.callback(records.close)
        browser = await stack.enter_async_context(chromium())
        complaints: list[str] = []
        pages = []
        for name, seat in PEOPLE.items():
            hashed = hash_password(PASSWORD, CHEAP)
            now = datetime.now(UTC)
            records.people.add(name, "seat", hashed, seat=seat, must_change=False, at=now)
            page = await person(browser, bot.console, name, PASSWORD)
            page.on("pageerror", lambda error: complaints.append(str(error)))
            await page.get_by_text("实时更新中").wait_for()
            await page.evaluate(NOTE)
            pages.append(page)
        yield Desk(bot, records, caller, (first, second), (pages[0], pages[1]), complaints)


async def note_stored(folder: Path, timeline: Timeline) -> None:
    """When another process first finds the summary in the database."""
    with contextlib.closing(
        sqlite3.connect(f"file:{folder}/records.db?mode=ro", uri=True)
    ) as connection:
        ask = "SELECT 1 FROM calls WHERE json_extract(summary, '$.id') IS NOT NULL"
        await until(lambda: connection.execute(ask).fetchone(), "stored summary")
    timeline.mark("summary stored")


async def drawn(page: Page, what: str) -> float:
    """When the page showed it, in seconds since 1970."""
    deadline = time.monotonic() + SECONDS
    # The page's policy forbids what Playwright's own waiting for a value would do.
    while not (shown := await page.evaluate(f"window.drawn.{what}")):
        assert time.monotonic() < deadline, f"no {what} on the page within {SECONDS} s"
        await asyncio.sleep(0.05)
    return float(shown) / 1000


def snr_db(said: bytes, heard: Samples) -> float:
    """The median of its fifths of a second that sound, each where it is clearest."""
    pieces = samples(said)[: len(said) // 2 // 1600 * 1600].reshape(-1, 1600)
    loud = [piece for piece in pieces if np.std(piece) > 300]
    return float(np.median([find(piece, heard)[1] for piece in loud]))


def so_far(phone: Phone) -> Samples:
    """What a telephone has heard; its file has no header yet while it is being written."""
    dumps = sorted(phone.folder.glob("dump-*-dec.wav"))
    heard = b"".join(dump.read_bytes()[WAV_HEADER_BYTES:] for dump in dumps)
    return samples(heard[: len(heard) // 2 * 2])


async def heard_each_other(caller: Phone, seat: Phone) -> tuple[float, float]:
    """How clearly the seat hears the caller, and the caller the seat, once both do."""
    deadline = time.monotonic() + SECONDS
    clear = (0.0, 0.0)
    while min(clear) < CLEAR_DB:
        assert time.monotonic() < deadline, f"they do not hear each other: {clear} dB"
        await asyncio.sleep(1)  # what a telephone hears is written from time to time
        heard = so_far(seat), so_far(caller)
        if min(map(len, heard)) > len(SEAT_SAYS):
            clear = (snr_db(QUESTION, heard[0]), snr_db(SEAT_SAYS, heard[1]))
    return clear


async def test_a_story_goes_before_the_ring_to_two_seats_and_ends_in_an_accepted_form(
    tmp_path: Path, models: Path
) -> None:
    """Low confidence; the first seat declines, the second accepts, talks, and wraps up."""
    timeline = Timeline()
    async with desk(tmp_path, models) as all_of_it:
        form = await _call(all_of_it, timeline)
        (row,) = all_of_it.records.list_calls()
        view = all_of_it.records.get_call(row.id)
    timeline.print()
    assert view.handoff is not None and view.summary is not None
    assert view.handoff.reason == "low_confidence"
    assert [each["outcome"] for each in view.handoff.attempts] == ["busy", "accepted"]
    assert (view.handoff.seat, row.outcome) == (SECOND, "handed_off")
    for phone in all_of_it.seats:
        assert f"X-Summary-Id: {view.summary['id']}" in phone.log()
    assert form.accepted is not None and form.seat == SECOND
    assert form.edits()["problem"][1] == "客户问股价，已说明"
    assert all_of_it.complaints == []
    order = sorted(timeline.times, key=lambda what: timeline.times[what])
    assert order == [
        "caller dials",
        "summary stored",
        "story on the first seat's page",
        "INVITE at the first seat",
        "first seat declines",
        "story on the second seat's page",
        "INVITE at the second seat",
        "second seat accepts",
        "both have heard each other",
        "second seat hangs up",
        "form on the second seat's page",
        "form accepted in the browser",
        "form stored as accepted",
    ]
    times = timeline.times
    waited_s = times["form on the second seat's page"] - times["second seat hangs up"]
    assert waited_s < 10, "3 s, on a machine that is not as busy as this one may be"


async def _call(at: Desk, timeline: Timeline) -> StoredForm:
    (first, second), (page, other) = at.seats, at.pages
    storing = asyncio.create_task(note_stored(at.bot.folder, timeline))
    timeline.mark("caller dials")
    await at.caller.command("dial", f"sip:400@127.0.0.1:{at.bot.port}")
    await first.event("CALL_INCOMING", timeout_s=SECONDS)
    timeline.mark("INVITE at the first seat")
    await storing
    timeline.mark("story on the first seat's page", await drawn(page, "story"))
    assert await page.get_by_role("heading", name="来电转入").is_visible()
    assert await other.get_by_text("现在没有转给您的通话").is_visible()
    timeline.mark("first seat declines")
    await first.command("hangup")
    await second.event("CALL_INCOMING", timeout_s=SECONDS)
    timeline.mark("INVITE at the second seat")
    timeline.mark("story on the second seat's page", await drawn(other, "story"))
    await page.get_by_text("现在没有转给您的通话").wait_for()
    timeline.mark("second seat accepts")
    await second.command("accept")
    to_seat, to_caller = await heard_each_other(at.caller, second)
    print(f"caller to seat {to_seat:.1f} dB, seat to caller {to_caller:.1f} dB")
    timeline.mark("both have heard each other")
    timeline.mark("second seat hangs up")
    await second.command("hangup")
    timeline.mark("form on the second seat's page", await drawn(other, "form"))
    await other.get_by_label("问题描述").fill("客户问股价，已说明")
    timeline.mark("form accepted in the browser")
    await other.get_by_role("button", name="确认并转空闲").click()
    (row,) = at.records.list_calls()

    def accepted() -> StoredForm | None:
        form = at.records.forms.get(row.id)
        return form if form is not None and form.accepted_at is not None else None

    form = await until(accepted, "accepted form")
    assert form.accepted_at is not None
    timeline.mark("form stored as accepted", form.accepted_at.replace(tzinfo=UTC).timestamp())
    return form
