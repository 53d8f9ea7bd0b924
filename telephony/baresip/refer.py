"""REFER on the baresip stack: blind and attended transfer, each with a typed end and a limit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping
from typing import Any

from baresip import BaresipError, TransferFailed
from baresip import Call as StackCall
from baresip._native import lib

from telephony.api import Call, Hangup, TransferOutcome, TransferResult
from telephony.headers import refer_to
from telephony.outcomes import outcome_of

REPLACED_S = 0.5
"""How long the consultation leg may stay up after the far end has reported success."""

OFF_HOLD_S = 3.0
_RETRY_S = 0.1


async def blind(
    call: Call, native: StackCall, uri: str, headers: Mapping[str, str], timeout_s: float
) -> TransferResult:
    """Ask the far end to call `uri` (RFC 3515); `headers` travel inside Refer-To."""
    try:
        target = refer_to(uri, headers)
    except ValueError as error:
        return TransferResult(TransferOutcome.FAILED, reason=str(error))
    return await _outcome(call, native.transfer(target, timeout=timeout_s))


async def attended(
    call: Call, native: StackCall, consult: Call, consult_native: StackCall, timeout_s: float
) -> TransferResult:
    """Ask the far end of `call` to take our place in `consult` (RFC 3891, RFC 5589 section 7).

    Neither leg is put on hold for it, so the caller goes on hearing what we play until the
    new call is there; a leg that was held before is taken off hold when the transfer fails.
    """
    if consult.ended is not None:
        reason = f"the consultation leg has ended: {consult.ended.reason}"
        return TransferResult(TransferOutcome.FAILED, reason=reason)
    # The binding's own attended_transfer holds both legs first; their re-INVITEs cross the
    # REFER, and after a failure the parties sit in silence.
    order = native._execute_transfer(
        f"{native.handle} {consult_native.handle}",
        cmd=lib.BP_CMD_CALL_REPLACE_TRANSFER,
        timeout=timeout_s,
    )
    result = await _outcome(call, order)
    if result.outcome is TransferOutcome.ACCEPTED:
        await _leave(consult)
    else:
        await asyncio.gather(_off_hold(native), _off_hold(consult_native))
    return result


async def _outcome(call: Call, order: Awaitable[None]) -> TransferResult:
    try:
        await order
    except BaresipError as error:
        return _failure(error, call.ended)
    return TransferResult(TransferOutcome.ACCEPTED)


def _failure(error: BaresipError, ended: Hangup | None) -> TransferResult:
    """Why a REFER did not lead to a new call (its own refusal, or what a NOTIFY reported)."""
    if ended is not None:
        return TransferResult(TransferOutcome.CALLER_GONE, reason=ended.reason)
    if not isinstance(error, TransferFailed):
        return TransferResult(TransferOutcome.FAILED, reason=str(error))
    reason = error.reason or str(error)
    if error.status is not None:
        return TransferResult(outcome_of(error.status), error.status, reason)
    if "Replaces" in reason:  # the stack's own check; nothing was sent
        return TransferResult(TransferOutcome.FAILED, reason=reason)
    return TransferResult(TransferOutcome.NO_ANSWER, reason=reason)


async def _leave(consult: Call) -> None:
    """The far ends talk to each other now; the one that was replaced hangs up by itself."""
    try:
        await asyncio.wait_for(consult.wait_ended(), REPLACED_S)
    except TimeoutError:
        await consult.hangup()


async def _off_hold(native: Any) -> None:
    """Resume a leg that was held; another re-INVITE may still be under way."""
    deadline = asyncio.get_running_loop().time() + OFF_HOLD_S
    while native.is_on_hold and asyncio.get_running_loop().time() < deadline:
        try:
            await native.resume()
        except BaresipError:
            await asyncio.sleep(_RETRY_S)
