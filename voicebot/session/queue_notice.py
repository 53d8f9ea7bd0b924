"""A call over the limit: it hears that all lines are busy, and a goodbye."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from telephony import Call, HangupBy
from voicebot.dialog.events import Say, SayKind
from voicebot.session import events as facts
from voicebot.session import report
from voicebot.session.mouth import Mouth

PROMPT = "queue_notice"
OUTCOME = "queue_notice"
# A voice that must still render the notice on a full machine is not waited for any longer.
TIMEOUT_S = 30.0


class QueueNotice:
    """Stands where a session stands, for a call that was let in only to be told (`overflow`)."""

    def __init__(
        self, call: Call, mouth: Mouth, text: str, pack_name: str, observer: facts.Observer
    ) -> None:
        self._call = call
        self._mouth = mouth
        self._text = text
        self._pack_name = pack_name
        self._observer = observer

    async def run(self) -> None:
        """Answer, say it, hang up. Raises LineError if the call cannot be answered."""
        call = self._call
        await call.answer()
        loop = asyncio.get_running_loop()
        answered_s = loop.time()

        def now_ms() -> int:
            return int((loop.time() - answered_s) * 1000)

        try:
            await self._tell(now_ms)
        finally:  # whatever failed, an observer too: the call holds one of few places
            await call.hangup()
        by = call.ended.by if call.ended else HangupBy.LOCAL
        reason = call.ended.reason if call.ended else ""
        if figures := report.line_quality(now_ms(), call.quality):
            self._observer(figures)
        self._observer(facts.CallEnded(now_ms(), by, reason, OUTCOME))

    async def _tell(self, now_ms: Callable[[], int]) -> None:
        """Say the notice, to its end or the caller's; never longer than the limit."""
        call = self._call
        self._observer(report.answered(call, self._pack_name))

        def first_sound() -> None:
            say = Say(self._text, SayKind.NOTICE)
            self._observer(report.bot_spoke(now_ms(), say, None))

        saying = asyncio.create_task(self._mouth.say(self._text, first_sound))
        gone = asyncio.create_task(call.wait_ended())
        await asyncio.wait({saying, gone}, timeout=TIMEOUT_S, return_when=asyncio.FIRST_COMPLETED)
        for task in (saying, gone):
            task.cancel()
        await asyncio.gather(saying, gone, return_exceptions=True)
