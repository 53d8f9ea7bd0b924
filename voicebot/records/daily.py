"""Deletes what is too old while the bot runs."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import structlog

from voicebot.errors import RecordsError
from voicebot.records.store import Records
from voicebot.settings import RetentionSettings

EVERY_S = 24 * 3600.0
_log = structlog.get_logger("voicebot.records")


async def purge_daily(records: Records, keep: RetentionSettings) -> None:
    """At the start and once a day, until cancelled; trouble is logged and tried again."""
    while True:
        try:
            gone = await asyncio.to_thread(records.custody.purge, keep, datetime.now(UTC))
            if gone.recordings or gone.texts or gone.calls:
                _log.info(
                    "records_purged", recordings=gone.recordings, texts=gone.texts, calls=gone.calls
                )
        except (RecordsError, OSError) as error:
            _log.error("records_not_purged", error=str(error), do="will try again tomorrow")
        await asyncio.sleep(EVERY_S)
