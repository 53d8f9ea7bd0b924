"""What each role may do. One table; every route names the right it asks for."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """Who sits before the console."""

    SEAT = "seat"
    SUPERVISOR = "supervisor"
    TESTER = "tester"
    ADMIN = "admin"


class Right(StrEnum):
    """What a route lets someone do."""

    ANYONE = "anyone"  # without signing in
    OWN = "own"  # one's own password and session
    DESK = "desk"  # sit as a seat: state, queue, own calls, forms, call-backs
    WATCH = "watch"  # calls now, as they are heard
    ACT = "act"  # listen in, whisper, join, take over, tell the bot what to say
    CALL = "call"  # one kept call; a seat: only calls that were brought to it
    REVIEW = "review"  # search all kept calls
    LABEL = "label"  # judge turns, export judgements
    REVEAL = "reveal"  # read a caller's whole number
    REPORT = "report"  # figures
    DRAFTS = "drafts"  # read drafts and scene texts
    EDIT = "edit"  # accept drafts; change, publish and roll back texts
    USERS = "users"  # accounts, settings, the audit log


_EVERYONE = frozenset({Right.ANYONE, Right.OWN})
_SEAT = frozenset({Right.DESK, Right.CALL})
_TESTER = frozenset({Right.CALL, Right.REVIEW, Right.LABEL, Right.REPORT, Right.DRAFTS})
_SUPERVISOR = _SEAT | _TESTER | frozenset({Right.WATCH, Right.ACT, Right.REVEAL, Right.EDIT})
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.SEAT: _EVERYONE | _SEAT,
    Role.TESTER: _EVERYONE | _TESTER,
    Role.SUPERVISOR: _EVERYONE | _SUPERVISOR,
    Role.ADMIN: frozenset(Right),
}
# Where each begins the day.
FIRST_PAGE = {
    Role.SEAT: "/seat",
    Role.TESTER: "/review",
    Role.SUPERVISOR: "/live",
    Role.ADMIN: "/live",
}


def may(role: str, right: Right) -> bool:
    """Whether a role has a right; a role that is none has no right but `ANYONE`."""
    if role not in Role.__members__.values():
        return right is Right.ANYONE
    return right in RIGHTS[Role(role)]
