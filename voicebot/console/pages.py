"""Calls as HTML. All text goes through Jinja's autoescape; nothing here is marked safe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2

from telephony.admission import Snapshot
from voicebot.console import labels
from voicebot.records.kinds import TROUBLE
from voicebot.records.views import IN_PROGRESS, CallRow, CallView, EventView, TurnView

NOTES = (
    TROUBLE,
    "number_dictated",
    "listener_signal",
    "bot_resumed",
    "digit_pressed",
    "call_held",
    "call_resumed",
    "recording_stopped",
)
SLOW_MS = 1500
_CHART_WIDTH = 400


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
        self._jinja.globals.update(labels=labels, slow_ms=SLOW_MS, in_progress=IN_PROGRESS)
        self._jinja.filters.update(
            length=labels.length,
            caller=labels.caller,
            moment=_moment,
            bars=bars,
            timeline=timeline,
        )

    def home(
        self, now: Sequence[CallView], load: Snapshot | None, latest: Sequence[CallRow] | None
    ) -> str:
        """The whole first page; `latest` None says that the records cannot be read."""
        return self._render("home.html", now=now, load=load, latest=latest, zone=_zone())

    def now(self, now: Sequence[CallView], load: Snapshot | None) -> str:
        """The calls in progress, and how full the bot is."""
        return self._render("now.html", now=now, load=load)

    def latest(self, latest: Sequence[CallRow] | None) -> str:
        """The calls that were kept."""
        return self._render("latest.html", latest=latest)

    def call(self, view: CallView, *, live: bool) -> str:
        """The whole page of a call; `live` if it is updated."""
        return self._render("call.html", view=view, live=live, zone=_zone())

    def call_parts(self, view: CallView) -> dict[str, str]:
        """What changes while a call lasts, by the id of the element it goes into."""
        return {
            "facts": self._render("facts.html", view=view),
            "story": self._render("story.html", view=view),
            "turns": self._render("turns.html", view=view),
        }

    def error(self, status: int, text: str) -> str:
        """A page that says what is wrong."""
        return self._render("error.html", status=status, text=text)

    def _render(self, template: str, **values: Any) -> str:
        return self._jinja.get_template(template).render(**values)


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
