"""The end of a dial that nobody answered: cancelled in order, and told as an outcome."""

from __future__ import annotations

import asyncio
import contextlib
import time

from telephony.api import DialResult, TransferOutcome
from telephony.baresip.call import BaresipCall
from telephony.errors import LineError
from telephony.outcomes import outcome_of, split_status

# Twice SIP's T1, the time after which an INVITE is sent again.
PROVISIONAL_WAIT_S = 1.0


async def cancel_dial(call: BaresipCall) -> None:
    """Hang up a dial, but not before the far end has said that it rings.

    A CANCEL may only follow a provisional response (RFC 3261, section 9.1); the stack drops an
    earlier one without a word to the far end, which would ring on for nobody.
    """
    until_s = time.monotonic() + PROVISIONAL_WAIT_S
    # The stack tells of ringing by a flag only.
    while not call.rang and call.ended is None and time.monotonic() < until_s:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await call.hangup()


async def why_not(call: BaresipCall, timeout_s: float) -> DialResult:
    """Why a dialled call was not established; cancels it where it still rings."""
    if call.ended is None:
        with contextlib.suppress(LineError):
            await call.hangup()
        waited = f"no answer within {timeout_s:g} s"
        if call.rang:
            return DialResult(TransferOutcome.NO_ANSWER, reason=waited)
        return DialResult(TransferOutcome.UNREACHABLE, reason=f"{waited}, never rang")
    status, reason = split_status(call.ended.reason)
    return DialResult(outcome_of(status), sip_code=status, reason=reason)
