"""Calls as HTML. All text goes through Jinja's autoescape; nothing here is marked safe."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
from fastapi import Request

from voicebot.console import labels
from voicebot.console.accounts import Visit
from voicebot.console.rights import Right, may
from voicebot.records.kinds import TROUBLE
from voicebot.records.views import IN_PROGRESS, CallView, EventView, TurnView

NOTES = (
    TROUBLE,
    "number_dictated",
    "listener_signal",
    "bot_resumed",
    "digit_pressed",
    "call_held",
    "call_resumed",
    "recording_stopped",
    "handoff_waits",
    "seat_ringing",
    "supervisor_acted",
)
SLOW_MS = 1500
_CHART_WIDTH = 400


@dataclass(frozen=True)
class Entry:
    """One page in the header: `key` after g opens it."""

    path: str
    name: str
    right: Right
    key: str


NAVIGATION = (
    Entry("/live", "实时通话", Right.WATCH, "l"),
    Entry("/seat", "坐席", Right.DESK, "s"),
    Entry("/review", "质检/回放", Right.REVIEW, "q"),
    Entry("/knowledge", "知识与话术", Right.DRAFTS, "k"),
    Entry("/report", "报表", Right.REPORT, "r"),
    Entry("/users", "设置/用户", Right.USERS, "u"),
)


@dataclass(frozen=True)
class Bar:
    """One stage of a turn's waterfall; `x` and `width` are in the chart's units."""

    label: str
    start_ms: int
    end_ms: int
    note: str
    x: float
    width: float


class Pages:
    """Renders the pages and the parts of them that change."""

    def __init__(self) -> None:
        self._jinja = jinja2.Environment(
            loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
            autoescape=True,
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.globals.update(
            labels=labels, slow_ms=SLOW_MS, in_progress=IN_PROGRESS, Right=Right
        )
        self._jinja.filters.update(
            length=labels.length,
            caller=labels.caller,
            moment=_moment,
            bars=bars,
            timeline=timeline,
            share=labels.share,
        )

    def page(self, request: Request, template: str, **values: Any) -> str:
        """A whole page for who is signed in."""
        visit: Visit | None = getattr(request.state, "visit", None)
        can = _can(visit)
        links = [each for each in NAVIGATION if can(each.right)] if visit else []
        common = {
            "visit": visit,
            "can": can,
            "csrf": visit.csrf if visit else "",
            "links": links,
            "here": request.url.path,
            "zone": _zone(),
        }
        return self.part(template, **{**common, **values})

    def part(self, template: str, **values: Any) -> str:
        """A part of a page that is the same for everybody."""
        return self._jinja.get_template(template).render(**values)

    def call_parts(self, view: CallView) -> dict[str, str]:
        """What changes while a call lasts, by the id of the element it goes into."""
        return {
            "facts": self.part("facts.html", view=view),
            "story": self.part("story.html", view=view),
            "turns": self.part("turns.html", view=view, marks=None),
        }

    def error(self, request: Request, status: int, text: str) -> str:
        """A page that says what is wrong."""
        return self.page(request, "error.html", status=status, text=text)


def _can(visit: Visit | None) -> Callable[[Right], bool]:
    if visit is None or visit.person.must_change:
        return lambda right: right is Right.OWN and visit is not None
    role = visit.person.role
    return lambda right: may(role, right)


def bars(turn: TurnView) -> list[Bar]:
    """A turn's waterfall, scaled to the wait or its last stage."""
    ends = [float(stage.get("end_ms", 0)) for stage in turn.stages]
    scale = _CHART_WIDTH / max(turn.since_caller_ms or 1, *ends, 1) if ends else 1
    found = []
    for stage in turn.stages:
        start, end = float(stage.get("start_ms", 0)), float(stage.get("end_ms", 0))
        name, note = str(stage.get("stage", "")), str(stage.get("note") or "")
        found.append(
            Bar(
                labels.STAGES.get(name, name),
                round(start),
                round(end),
                labels.stage_note(note),
                round(max(start, 0) * scale, 1),
                round(max((end - max(start, 0)) * scale, 1), 1),
            )
        )
    return found


def timeline(view: CallView) -> list[TurnView | EventView]:
    """What was said, with pressed digits, holds and troubles at their place."""
    notes = [event for event in view.events if event.kind in NOTES]
    both: list[TurnView | EventView] = [*view.turns, *notes]
    return sorted(both, key=lambda each: each.at_ms)


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone():%m-%d %H:%M:%S}"


def _zone() -> str:
    return "UTC" + datetime.now().astimezone().isoformat()[-6:]
