"""Who may ring: the judgement of each SIP request before the stack acts on it. Sans-I/O.

Only the configured trunks may begin anything; others may go on with what we began. The door
runs on the stack's own thread, so it is small, keeps little and never waits.
"""

from __future__ import annotations

import ipaddress
import math
import random
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from telephony.admission import Admission
from telephony.config import LineConfig
from telephony.sip_bounds import Bounds, has_tag, misshapen, redirects, unwanted
from telephony.sip_request import RawRequest, Reply
from telephony.token_bucket import SourceBuckets, TokenBucket

SOURCES_KEPT = 1024
CALLS_KEPT = 4096
REMEMBERED_S = 32.0  # 64 * T1, RFC 3261 section 17: by then nobody repeats himself
RINGS_WITHIN_S = 1.0


@dataclass(frozen=True)
class Guest:
    """An incoming call that was let in. `overflow`: only to hear the notice."""

    trunk: str
    overflow: bool
    identity: int
    since_s: float


class Door:
    """Judges requests; knows which incoming calls were let in, and from which trunk.

    `is_call` tells whether the stack has a call with a Call-ID, `spread` gives numbers in 0..1
    (refused callers are not to come back all at once). `judge` is for the stack's thread, the
    rest for the event loop's.
    """

    def __init__(
        self,
        config: LineConfig,
        admission: Admission,
        is_call: Callable[[str], bool],
        *,
        spread: Callable[[], float] = random.random,
        bounds: Bounds = Bounds(),  # noqa: B008
    ) -> None:
        self._networks = [
            (ipaddress.ip_network(network), trunk.name)
            for trunk in config.trunks
            for network in trunk.allow
        ]
        self._forbids = config.strangers == "forbid"
        self._admission = admission
        self._is_call = is_call
        self._spread = spread
        self._bounds = bounds
        rate = admission.limits.requests_per_s
        # Apart, so that made-up strangers push no trunk out.
        self._trunks = SourceBuckets(rate, 2 * rate, SOURCES_KEPT)
        self._excuses = SourceBuckets(rate, 2 * rate, SOURCES_KEPT)
        self._strangers = SourceBuckets(rate, 2 * rate, SOURCES_KEPT)
        self._forbidden = TokenBucket(rate, 2 * rate, 0.0)
        self._lock = threading.Lock()
        self._guests: dict[str, Guest] = {}
        self._rung: set[str] = set()
        self._ended: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self._refused: OrderedDict[int, tuple[float, Reply]] = OrderedDict()

    def judge(self, request: RawRequest, now_s: float) -> bool | Reply:
        """True lets it through, False drops it without a word, a `Reply` answers it."""
        if redirects(request):
            return False
        trunk = self._trunk(request.source)
        verdict = (
            self._judge_stranger(request, now_s)
            if trunk is None
            else self._judge_trunk(request, trunk, now_s)
        )
        # RFC 3261 section 17: an ACK is never answered.
        return False if request.method == "ACK" and verdict is not True else verdict

    def _trunk(self, source: str) -> str | None:
        try:
            address = ipaddress.ip_address(source)
        except ValueError:
            return None
        if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
            address = address.ipv4_mapped
        return next((name for network, name in self._networks if address in network), None)

    def _judge_stranger(self, request: RawRequest, now_s: float) -> bool | Reply:
        """A far end that we dialled need not be a trunk; it may go on with that call."""
        if (
            has_tag(request.first("to"))
            and misshapen(request, self._bounds) is None
            and self._inside(request, now_s)
        ):
            return self._strangers.take(request.source, now_s) and (
                unwanted(request.method) or True
            )
        return self._forbids and self._forbidden.take(now_s) and Reply(403, "Forbidden")

    def _inside(self, request: RawRequest, now_s: float) -> bool:
        """Whether the request belongs to a call that we have, or had until just now."""
        call_id = request.first("call-id")
        with self._lock:
            ended_s, _ = self._ended.get(call_id, (-math.inf, 0))
            if call_id in self._guests or now_s - ended_s < REMEMBERED_S:
                return True
        return self._is_call(call_id)

    def _judge_trunk(self, request: RawRequest, trunk: str, now_s: float) -> bool | Reply:
        known = request.method == "CANCEL" or has_tag(request.first("to"))
        wrong = misshapen(request, self._bounds) or unwanted(request.method)
        if wrong is None and known and self._inside(request, now_s):
            return True
        if wrong is None and request.method == "INVITE" and not known:
            with self._lock:
                answer = self._repeated(request, now_s)
            if answer is not None:
                return answer
        if not self._trunks.take(request.source, now_s):
            return request.method in ("INVITE", "OPTIONS") and (
                self._excuses.take(request.source, now_s) and self._unavailable()
            )
        if wrong is not None or known:
            return wrong or True  # the stack says 481 to what it does not know
        return self._judge_new(request, trunk, now_s)

    def _judge_new(self, request: RawRequest, trunk: str, now_s: float) -> bool | Reply:
        if request.method == "REFER":  # a bot must not be steered into dialling
            return Reply(603, "Decline")
        if request.method == "OPTIONS":  # answered as an INVITE would be: RFC 3261 section 11.2
            return True if self._admission.refusal() is None else self._unavailable()
        if request.method != "INVITE":
            return True
        call_id = request.first("call-id")
        with self._lock:
            verdict = self._admission.judge(call_id)
            if verdict.admitted:
                self._guests[call_id] = Guest(trunk, verdict.overflow, _identity(request), now_s)
                return True
            reply = self._unavailable()
            self._refused[_identity(request)] = now_s, reply
            if len(self._refused) > CALLS_KEPT:
                self._refused.popitem(last=False)
            return reply

    def _repeated(self, request: RawRequest, now_s: float) -> bool | Reply | None:
        """The answer to an INVITE that was judged before; None for a new one.

        Over UDP an INVITE comes again until its answer arrives. What was refused stays refused
        (the caller may have heard it by now), what was let in is the stack's to answer.
        """
        call_id, identity = request.first("call-id"), _identity(request)
        guest = self._guests.get(call_id)
        if guest is not None:
            # Two INVITEs that share a Call-ID are one that was forked: section 8.2.2.2.
            return True if guest.identity == identity else Reply(482, "Loop Detected")
        ended_s, was = self._ended.get(call_id, (-math.inf, 0))
        if was == identity and now_s - ended_s < REMEMBERED_S:
            return True
        refused_s, reply = self._refused.get(identity, (-math.inf, None))
        return reply if now_s - refused_s < REMEMBERED_S else None

    def _unavailable(self) -> Reply:
        least_s = self._admission.limits.retry_after_s
        wait_s = least_s + round(self._spread() * least_s)
        return Reply(503, "Service Unavailable", (f"Retry-After: {wait_s}",))

    def guest(self, call_id: str) -> Guest | None:
        """The call rings; what the door knows of it, None if it was not let in."""
        with self._lock:
            guest = self._guests.get(call_id)
            if guest is not None:
                self._rung.add(call_id)
            return guest

    def ended(self, call_id: str, now_s: float) -> None:
        """A call of either direction has ended; what still comes for it is known. Idempotent."""
        with self._lock:
            identity = self._drop(call_id) or self._ended.get(call_id, (now_s, 0))[1]
            self._ended[call_id] = now_s, identity
            self._ended.move_to_end(call_id)
            if len(self._ended) > CALLS_KEPT:
                self._ended.popitem(last=False)

    def sweep(self, now_s: float) -> None:
        """Forget calls that were let in and never rang: the stack has refused them itself."""
        with self._lock:
            silent = [
                call_id
                for call_id, guest in self._guests.items()
                if call_id not in self._rung and now_s - guest.since_s > RINGS_WITHIN_S
            ]
        # Asked without our lock: the stack's thread holds its own while it waits for ours.
        gone = [call_id for call_id in silent if not self._is_call(call_id)]
        with self._lock:
            for call_id in gone:
                if call_id not in self._rung:
                    self._drop(call_id)

    def close(self) -> None:
        """Every call has ended."""
        with self._lock:
            for call_id in list(self._guests):
                self._drop(call_id)

    def _drop(self, call_id: str) -> int:
        guest = self._guests.pop(call_id, None)
        if guest is None:
            return 0
        self._rung.discard(call_id)
        self._admission.release(call_id)
        return guest.identity


def _identity(request: RawRequest) -> int:
    """What an INVITE and its repetitions have in common: RFC 3261 section 17.2.3."""
    return hash(tuple(request.first(name) for name in ("via", "from", "call-id", "cseq")))
