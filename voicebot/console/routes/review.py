"""质检/回放: finding kept calls again. What is searched for stands in no address."""

from __future__ import annotations

import json

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from voicebot.console.doors import Doors, form_of, visit_of
from voicebot.console.forms import day, day_after, number
from voicebot.console.house import House
from voicebot.console.pages import Pages
from voicebot.console.rights import Right
from voicebot.records.search import PAGE, Wanted, search

FIELDS = ("since", "until", "outcome", "seat", "words", "labelled", "page")


def add(doors: Doors, house: House, pages: Pages) -> None:
    """Add the routes."""

    @doors.get("/review", Right.REVIEW)
    async def review(request: Request) -> Response:
        """The calls that were last searched for."""
        asked = house.remembered.get(visit_of(request).token, "review")
        asked = {name: asked.get(name, "") for name in FIELDS}
        nth = number(asked["page"]) or 0
        wanted = _wanted(asked)
        found = await house.ask(search, house.records, wanted, nth)
        values = {"asked": asked, "rows": found[:PAGE], "more": len(found) > PAGE, "number": nth}
        seats = [seat.name for seat in house.settings.handoff.seats]
        return HTMLResponse(pages.page(request, "review.html", seats=seats, **values))

    @doors.post("/review", Right.REVIEW)
    async def searched(request: Request) -> Response:
        """Remember what to search for: it is not to stand in an address."""
        given = form_of(request)
        asked = {name: given.get(name, "")[:200] for name in FIELDS}
        house.remembered.put(visit_of(request).token, "review", asked)
        return RedirectResponse("/review", 303)

    @doors.get("/review/labels.jsonl", Right.LABEL)
    async def labels(request: Request) -> Response:
        """All judgements of turns, one JSON object a line; noted."""
        rows = await house.ask(house.records.turn_labels.export)
        await doors.accounts.note(visit_of(request).person.name, "labels_exported")
        lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        headers = {"Content-Disposition": 'attachment; filename="labels.jsonl"'}
        return Response(lines, media_type="application/jsonl", headers=headers)


def _wanted(asked: dict[str, str]) -> Wanted:
    return Wanted(
        since=day(asked["since"]),
        until=day_after(asked["until"]),
        outcome=asked["outcome"],
        seat=asked["seat"],
        words=asked["words"].strip(),
        labelled=asked["labelled"],
    )
