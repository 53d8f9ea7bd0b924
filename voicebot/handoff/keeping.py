"""The roster and the store: a restart knows the seats, and who sets one elsewhere is heard."""

from __future__ import annotations

import asyncio
import os
import socket

import structlog

from voicebot.errors import RecordsError
from voicebot.handoff.roster import Roster
from voicebot.records import Records
from voicebot.records.seat_log import SeatLog
from voicebot.settings import HandoffSettings

FOLLOW_S = 1.0
log = structlog.get_logger("voicebot.handoff")


def build_roster(settings: HandoffSettings, records: Records | None) -> Roster:
    """The seats of the settings, in the states in which the last run left them.

    Without records nothing is kept. Raises RecordsError.
    """
    keep = records.seats.note if records is not None else lambda _change: None
    roster = Roster(
        settings.seats,
        wrap_up_s=settings.wrap_up_s,
        start_away=settings.start_away,
        keep=keep,
    )
    if records is not None and settings.seats:
        latest = records.seats.latest()
        known = {(change.seat, change.at) for change in latest}
        recent = records.seats.recent()
        older = [change for change in recent if (change.seat, change.at) not in known]
        roster.restore([*older, *latest], alive)
    return roster


async def follow_seats(roster: Roster, kept: SeatLog) -> None:
    """End wrap-ups in time, and take over what other processes have written, until cancelled."""
    loop = asyncio.get_running_loop()
    failing = False
    while True:
        roster.tend()
        try:
            changes = await loop.run_in_executor(None, kept.latest)
        except RecordsError as error:
            if not failing:
                log.error("seats_not_read", error=str(error), do="calls go on; will try again")
            failing = True
        else:
            failing = False
            for change in changes:
                if change.writer != kept.writer:
                    roster.adopt(change)
        await asyncio.sleep(FOLLOW_S)


def alive(writer: str) -> bool:
    """Whether the process that wrote as ``host:pid`` may still run; another host's may."""
    host, _, pid = writer.rpartition(":")
    if host != socket.gethostname():
        return bool(host)
    if int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
