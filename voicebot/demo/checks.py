"""What must be true of the demo call, each a check by itself. Pure: facts in, verdicts out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from voicebot.replay.tape import interruptions, percentile, replies, sounds
from voicebot.session import events as facts

P50_LIMIT_MS = 900
P95_LIMIT_MS = 1500
STOP_LIMIT_MS = 1000
SCENE = "storage.disk_not_detected"  # what the call is about


@dataclass(frozen=True)
class Check:
    """One thing the call had to contain; `detail` is what was found instead or as proof."""

    name: str
    passed: bool
    detail: str


def _said(events: Sequence[facts.SessionEvent], kind: str) -> list[facts.BotSpoke]:
    return [e for e in events if isinstance(e, facts.BotSpoke) and e.kind == kind]


def _first(found: Sequence[facts.BotSpoke], otherwise: str) -> str:
    return found[0].text if found else otherwise


def check_conversation(events: Sequence[facts.SessionEvent], faq: Collection[str]) -> list[Check]:
    """The talk itself, from the events that records keep. `faq` are the ids of the pack's FAQ:
    what cites anything else cites a document."""
    greeting = _said(events, "greeting")
    answers = [s for s in _said(events, "answer") if s.citations and not s.scene]
    from_document = [s for s in answers if s.citations[0]["id"] not in faq]
    asked = [s for s in _said(events, "ask") if s.scene == SCENE]
    branch = [e for e in events if isinstance(e, facts.BotSpoke) and e.branch]
    cut = [e for e in events if isinstance(e, facts.BotInterrupted)]
    refused = _said(events, "refuse")
    ended = [e for e in events if isinstance(e, facts.CallEnded)]
    handed = [e for e in events if isinstance(e, facts.HandoffFinished)]
    return [
        Check("greeting", bool(greeting), _first(greeting, "no greeting")),
        Check(
            "answer from a document passage, cited",
            bool(from_document),
            from_document[0].citations[0]["source"] if from_document else "no such answer",
        ),
        Check("the disk scene asks", bool(asked), _first(asked, "no question")),
        Check(
            "the disk scene finds its branch",
            bool(branch),
            branch[0].branch if branch else "no branch",
        ),
        Check("barge-in", bool(cut), f"unheard: {cut[0].unheard[:30]}" if cut else "not cut"),
        Check("unknown question refused, human offered", bool(refused), _first(refused, "none")),
        Check(
            "handed to a seat",
            any(h.outcome == "accepted" for h in handed),
            ", ".join(f"{h.outcome} {h.seat}" for h in handed) or "no hand-off",
        ),
        Check(
            "call ended cleanly",
            bool(ended) and ended[0].outcome == "handed_off",
            ended[0].outcome if ended else "no end",
        ),
    ]


def check_seat(
    summary_id: str, header: str, stored_before_ring: bool, seat_tape: npt.NDArray[np.int16]
) -> list[Check]:
    """The seat got the story before the voice, and both heard each other.

    `seat_tape` is stereo int16, shape (n, 2): left what the seat sent, right what it heard.
    """
    spoke, heard = sounds(seat_tape[:, 0]), sounds(seat_tape[:, 1])
    return [
        Check(
            "summary id in the seat's INVITE",
            bool(summary_id) and header == summary_id,
            f"header {header!r}, stored {summary_id!r}",
        ),
        Check(
            "summary stored before the seat rang", stored_before_ring, "awaited before the INVITE"
        ),
        Check("seat spoke", bool(spoke), f"{len(spoke)} stretches of sound"),
        Check("seat heard the caller", bool(heard), f"{len(heard)} stretches of sound"),
    ]


def check_masked(number: str, files: Iterable[Path]) -> Check:
    """The calling number is in none of `files`, which are read byte by byte."""
    read = [path for path in files if path.is_file()]
    wanted = (number.encode(), number.encode("utf-16-le"))
    open_in = [path.name for path in read if any(each in path.read_bytes() for each in wanted)]
    detail = f"in {', '.join(open_in)}" if open_in else f"{len(read)} files searched"
    return Check("the whole calling number is kept nowhere", bool(read) and not open_in, detail)


@dataclass(frozen=True)
class Latency:
    """From the caller's tape: waits for replies and how fast the barge-in stopped the bot."""

    waits_ms: tuple[int, ...]
    stops_ms: tuple[int, ...]

    @property
    def p50_ms(self) -> float:
        return percentile(list(self.waits_ms), 50)

    @property
    def p95_ms(self) -> float:
        return percentile(list(self.waits_ms), 95)


def measure(caller_tape: npt.NDArray[np.int16], until_ms: int) -> Latency:
    """Latency of the bot's part of the call: up to `until_ms`, when the human took over."""
    part = caller_tape[: until_ms * 8]
    caller, bot = sounds(part[:, 0]), sounds(part[:, 1])
    return Latency(
        tuple(reply.latency_ms for reply in replies(caller, bot)),
        tuple(i.stop_ms for i in interruptions(caller, bot)),
    )


def check_latency(latency: Latency) -> list[Check]:
    """The bounds of the plan, on the tape."""
    waits = latency.waits_ms
    return [
        Check(
            f"reply latency p50 <= {P50_LIMIT_MS} ms",
            bool(waits) and latency.p50_ms <= P50_LIMIT_MS,
            f"{latency.p50_ms:.0f} ms over {len(waits)} replies",
        ),
        Check(
            f"reply latency p95 <= {P95_LIMIT_MS} ms",
            bool(waits) and latency.p95_ms <= P95_LIMIT_MS,
            f"{latency.p95_ms:.0f} ms over {len(waits)} replies",
        ),
        Check(
            f"barge-in stops the bot within {STOP_LIMIT_MS} ms",
            bool(latency.stops_ms) and max(latency.stops_ms) <= STOP_LIMIT_MS,
            ", ".join(f"{ms} ms" for ms in latency.stops_ms) or "none on the tape",
        ),
    ]
