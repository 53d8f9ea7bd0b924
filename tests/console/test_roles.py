"""Every route times every role. Both lists come from the code: what has no rule fails here."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import Mount

from tests.console.conftest import CHEAP, Browser, browse
from voicebot.console import House
from voicebot.console.app import build_inner
from voicebot.console.doors import Doors
from voicebot.console.rights import RIGHTS, Right, Role, may

# Written by hand from docs/console.md, not from the code: who may do what.
EXPECTED = {
    Right.ANYONE: "anyone seat supervisor tester admin",
    Right.OWN: "seat supervisor tester admin",
    Right.DESK: "seat supervisor admin",
    Right.WATCH: "supervisor admin",
    Right.ACT: "supervisor admin",
    Right.CALL: "seat supervisor tester admin",
    Right.REVIEW: "supervisor tester admin",
    Right.LABEL: "supervisor tester admin",
    Right.REVEAL: "supervisor admin",
    Right.REPORT: "supervisor tester admin",
    Right.DRAFTS: "supervisor tester admin",
    Right.EDIT: "supervisor admin",
    Right.USERS: "admin",
}
PUBLIC = {("GET", "/login"), ("POST", "/login"), ("GET", "/healthz")}


@pytest.fixture
def inner(house: House) -> tuple[FastAPI, Doors]:
    return build_inner(house, hasher=CHEAP)


@pytest.fixture
async def signed_in(house: House, people: object) -> AsyncIterator[dict[str, Browser]]:
    """A browser for each role, and one of nobody."""
    browsers = {name: browse(house) for name in ("anyone", *Role)}
    for name in Role:
        assert (await browsers[name].sign_in(name)).status_code == 303
    yield browsers
    for each in browsers.values():
        await each.aclose()


def test_the_table_of_rights_is_what_the_docs_say() -> None:
    for right in Right:
        allowed = {name for name in ("anyone", *Role) if may(name, right)}
        assert allowed == set(EXPECTED[right].split()), right
    assert set(RIGHTS) == set(Role)


def test_every_route_asks_for_a_right(inner: tuple[FastAPI, Doors]) -> None:
    app, doors = inner
    routes = {(m, r.path) for r in app.routes if isinstance(r, APIRoute) for m in r.methods or ()}
    assert routes == set(doors.table)
    others = [route for route in app.routes if not isinstance(route, APIRoute)]
    assert [route.path for route in others if isinstance(route, Mount)] == ["/static"]
    assert len(others) == 1, "nothing else answers"
    assert {key for key, right in doors.table.items() if right is Right.ANYONE} == PUBLIC


def test_a_route_past_the_doors_stops_the_start(inner: tuple[FastAPI, Doors]) -> None:
    app, doors = inner

    @app.get("/backdoor")
    async def backdoor() -> str:
        return "in"

    with pytest.raises(RuntimeError, match="/backdoor asks for no right"):
        doors.check()


def refused(answer: httpx.Response) -> bool:
    """Sent to sign in, or told that they may not."""
    away = answer.status_code == 303 and answer.headers["location"] == "/login"
    return away or answer.status_code == 401 or "您没有权限" in answer.text


async def ask(browser: Browser, method: str, path: str, part: bool = False) -> httpx.Response:
    headers = {"X-Part": "1"} if part else {}
    if method == "GET":
        return await browser.get(path, headers=headers)
    return await browser.post(path, data={"csrf": browser.csrf}, headers=headers)


async def test_every_role_gets_what_is_its_own_and_nothing_else(
    inner: tuple[FastAPI, Doors], signed_in: dict[str, Browser], house: House
) -> None:
    table, tried = inner[1].table, 0
    for (method, path), right in table.items():
        if path in ("/login", "/logout") or path.endswith(("/events", "/listen")):
            continue  # they change who is signed in, or never end: tested by themselves
        target = path.replace("{call_id}", str(uuid.uuid4()))
        for name, browser in signed_in.items():
            answer = await ask(browser, method, target)
            may_in = name in EXPECTED[right].split()
            assert refused(answer) is not may_in, (name, method, path, answer.status_code)
            assert answer.status_code < 500, (name, method, path, answer.text)
            tried += 1
    assert tried >= 5 * 15


async def test_streams_are_refused_to_who_may_not(
    inner: tuple[FastAPI, Doors], signed_in: dict[str, Browser]
) -> None:
    streams = [key for key in inner[1].table if key[1].endswith(("/events", "/listen"))]
    assert len(streams) >= 2
    for method, path in streams:
        right = inner[1].table[method, path]
        for name in {"anyone", *Role} - set(EXPECTED[right].split()):
            target = path.replace("{call_id}", str(uuid.uuid4()))
            answer = await ask(signed_in[name], method, target)
            assert answer.status_code in (401, 403), (name, path)
            assert refused(answer) or "登录已过期" in answer.text


async def test_a_role_that_was_taken_away_is_gone_at_once(
    signed_in: dict[str, Browser], house: House
) -> None:
    admin, supervisor = signed_in["admin"], signed_in["supervisor"]
    assert (await supervisor.get("/live")).status_code == 200
    changed = await admin.send_form("/users/change", name="supervisor", role="seat", disabled="no")
    assert changed.status_code == 303
    assert (await supervisor.get("/live")).headers["location"] == "/login"
    await supervisor.sign_in("supervisor")
    assert "您没有权限" in (await supervisor.get("/live")).text


async def test_nobody_raises_themselves(signed_in: dict[str, Browser], house: House) -> None:
    seat = signed_in["seat"]
    for fields in ({"role": "admin"}, {"role": "admin", "disabled": "no", "seat": ""}):
        answer = await seat.send_form("/users/change", name="seat", **fields)
        assert answer.status_code == 403
    # More fields than the form has do not help either.
    await seat.send_form("/password", old="x", new="y" * 12, again="y" * 12, role="admin")
    assert house.records.people.get("seat").role == "seat"
    admin = signed_in["admin"]
    own = await admin.send_form("/users/change", name="admin", role="seat", disabled="yes")
    assert own.status_code == 400
    assert house.records.people.get("admin").role == "admin"
