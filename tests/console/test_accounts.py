"""Coming in: the right way, and the ways that attackers try."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.console.conftest import CHEAP, PASSWORD, Browser, browse
from voicebot.console import House, LiveCalls, first_admin
from voicebot.console.accounts import PER_ACCOUNT, PER_ADDRESS, Clock, csrf_of
from voicebot.console.passwords import one_time_password, weakness
from voicebot.console.throttle import Limit, Throttle
from voicebot.records import Records
from voicebot.records.people import token_hash
from voicebot.settings import load_settings


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.passed = timedelta()

    def clock(self) -> Clock:
        start = datetime.now(UTC)
        return Clock(lambda: start + self.passed, lambda: 1000 + self.passed.total_seconds())


@pytest.fixture
def time_() -> Time:
    return Time()


@pytest.fixture
async def timed(house: House, people: Records, time_: Time) -> AsyncIterator[Browser]:
    async with browse(house, clock=time_.clock()) as browser:
        yield browser


def test_the_first_start_makes_one_admin_who_must_choose_a_password(records: Records) -> None:
    password = first_admin(records, CHEAP)
    assert len(password) == 23
    assert first_admin(records, CHEAP) == "", "only once"
    (admin,) = records.people.everyone()
    assert (admin.name, admin.role, admin.must_change) == ("admin", "admin", True)


async def test_a_one_time_password_opens_nothing_but_the_change(house: House) -> None:
    password = first_admin(house.records, CHEAP)
    async with browse(house) as browser:
        await browser.sign_in("admin", password)
        for page in ("/", "/live", "/users"):
            answer = await browser.get(page)
            sent = answer.headers.get("location")
            assert (answer.status_code, sent) in ((303, "/password"), (303, "/live"))
        own = {"new": "entirely my own words", "again": "entirely my own words"}
        assert "不对" in (await browser.send_form("/password", old="wrong", **own)).text
        short = {"new": "short", "again": "short"}
        assert "10 到 128" in (await browser.send_form("/password", old=password, **short)).text
        old_token = browser.cookies["voicebot"]
        changed = await browser.send_form("/password", old=password, **own)
        assert changed.status_code == 303
        assert browser.cookies["voicebot"] != old_token
        assert (await browser.get("/users")).status_code == 200
        browser.cookies.set("voicebot", old_token, domain="127.0.0.1")
        assert (await browser.get("/users")).status_code == 303


async def test_the_wrong_password_and_the_unknown_name_are_told_alike(stranger: Browser) -> None:
    wrong = await stranger.sign_in("seat", "not the password")
    unknown = await stranger.sign_in("nobody", "not the password")
    assert wrong.status_code == unknown.status_code == 403
    assert wrong.text.replace("seat", "") == unknown.text.replace("nobody", "")
    assert "用户名或密码不对" in wrong.text


async def test_guessing_one_account_is_stopped_from_everywhere(
    timed: Browser, time_: Time, house: House
) -> None:
    for _ in range(PER_ACCOUNT.failures):
        assert "密码不对" in (await timed.sign_in("seat", "guess")).text
    stopped = await timed.sign_in("SEAT ")
    assert "次数太多" in stopped.text, "even the right one waits, however the name is written"
    assert "voicebot" not in timed.cookies
    time_.passed += timedelta(seconds=PER_ACCOUNT.window_s + 1)
    assert (await timed.sign_in("seat")).status_code == 303
    noted = [row["what"] for row in house.records.custody.audit(100)]
    assert noted.count("login_failed") == PER_ACCOUNT.failures
    assert noted[0] == "login"


async def test_guessing_many_accounts_from_one_address_is_stopped(timed: Browser) -> None:
    for nth in range(PER_ADDRESS.failures):
        assert "密码不对" in (await timed.sign_in(f"user{nth}", "guess")).text
    assert "次数太多" in (await timed.sign_in("admin")).text


async def test_guesses_sent_at_once_are_all_counted(house: House, people: Records) -> None:
    import asyncio

    async with browse(house) as browser:
        await browser.get("/login")
        answers = await asyncio.gather(
            *(browser.send_form("/login", name="seat", password=f"g{n}") for n in range(20))
        )
    judged = [answer for answer in answers if "密码不对" in answer.text]
    assert len(judged) == PER_ACCOUNT.failures


def test_a_throttle_forgets_and_is_bounded() -> None:
    throttle = Throttle(Limit(2, 10))
    throttle.take("a", 0)
    assert throttle.wait_s("a", 1) == 0
    throttle.take("a", 1)
    assert throttle.wait_s("a", 2) == 8
    assert throttle.wait_s("b", 2) == 0
    assert throttle.wait_s("a", 10.5) == 0
    throttle.forget("a")
    assert throttle.wait_s("a", 2) == 0
    for nth in range(10_100):
        throttle.take(str(nth), 0)
    assert throttle.wait_s("0", 1) == 0


async def test_a_session_ends_when_idle_and_when_old(timed: Browser, time_: Time) -> None:
    await timed.sign_in("supervisor")
    for _ in range(6):  # at work for eleven hours
        time_.passed += timedelta(minutes=110)
        assert (await timed.send_form("/alive")).status_code == 204
    time_.passed += timedelta(minutes=61)
    assert (await timed.get("/live")).headers["location"] == "/login", "twelve hours are over"
    await timed.sign_in("supervisor")
    time_.passed += timedelta(minutes=119)
    assert (await timed.get("/live")).status_code == 200
    time_.passed += timedelta(minutes=121)
    assert (await timed.get("/live")).status_code == 303, "two hours without a sign of life"


async def test_a_page_that_updates_itself_keeps_nobody_signed_in(
    timed: Browser, time_: Time
) -> None:
    await timed.sign_in("supervisor")
    for _ in range(3):
        time_.passed += timedelta(minutes=50)
        seen = await timed.get("/live/events/none")  # no route
        assert seen.status_code == 404
    assert (await timed.get("/live")).status_code == 303


async def test_session_fixation_a_token_that_came_along_is_never_taken(
    stranger: Browser, house: House
) -> None:
    planted = "attacker-knows-this-token"
    stranger.cookies.set("voicebot", planted, domain="127.0.0.1")
    await stranger.get("/login")
    csrf = csrf_of(stranger.cookies["voicebot_visit"])
    done = await stranger.post(
        "/login", data={"csrf": csrf, "name": "supervisor", "password": PASSWORD}
    )
    assert done.status_code == 303
    fresh = done.cookies["voicebot"]
    assert fresh != planted
    async with browse(house) as attacker:
        attacker.cookies.set("voicebot", planted, domain="127.0.0.1")
        assert (await attacker.get("/live")).headers["location"] == "/login"


async def test_signing_in_again_ends_the_session_of_before(stranger: Browser, house: House) -> None:
    await stranger.sign_in("supervisor")
    first = stranger.cookies["voicebot"]
    again = await stranger.send_form("/login", name="tester", password=PASSWORD)
    assert again.status_code == 303
    async with browse(house) as other:
        other.cookies.set("voicebot", first, domain="127.0.0.1")
        assert (await other.get("/live")).headers["location"] == "/login"


@pytest.mark.parametrize("token", ["", "x", "1", "' OR 1=1 --", "../../x", "a" * 5000, "é"])
async def test_a_forged_session_opens_nothing(stranger: Browser, token: str) -> None:
    answer = await stranger.get("/live", headers={"Cookie": f"voicebot={token}".encode()})
    assert answer.headers["location"] == "/login"


async def test_the_stored_hash_of_a_session_is_no_key(stranger: Browser, house: House) -> None:
    await stranger.sign_in("supervisor")
    stored = token_hash(stranger.cookies["voicebot"])
    async with browse(house) as thief:
        thief.cookies.set("voicebot", stored, domain="127.0.0.1")
        assert (await thief.get("/live")).status_code == 303


async def test_signing_out_ends_the_session_on_the_server(browser: Browser, house: House) -> None:
    token = browser.cookies["voicebot"]
    assert (await browser.send_form("/logout")).headers["location"] == "/login"
    browser.cookies.set("voicebot", token, domain="127.0.0.1")
    assert (await browser.get("/live")).status_code == 303


async def test_a_shut_account_is_out_at_once(browser: Browser, people: Records) -> None:
    people.people.set_disabled("supervisor", True)
    assert (await browser.get("/live")).status_code == 303
    assert "密码不对" in (await browser.sign_in("supervisor")).text


async def test_cookies_are_out_of_reach_of_scripts_and_other_sites(stranger: Browser) -> None:
    answer = await stranger.sign_in("supervisor")
    (cookie,) = (c for c in answer.headers.get_list("set-cookie") if c.startswith("voicebot="))
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    assert "Path=/" in cookie and "Domain" not in cookie
    assert PASSWORD not in str(answer.headers)


async def test_over_tls_cookies_travel_over_tls_only(records: Records, people: Records) -> None:
    console = {"console.proxies": ["127.0.0.1"], "console.hosts": ["127.0.0.1"]}
    settings = load_settings(environ={}, overrides=console)
    async with browse(House(records, LiveCalls(), settings)) as browser:
        answer = await browser.get("/login")
        cookie = answer.headers["set-cookie"]
        assert "Secure" in cookie
        assert answer.headers["strict-transport-security"].startswith("max-age")
        form = {"csrf": csrf_of(answer.cookies["voicebot_visit"]), "name": "tester"}
        sent = {"Cookie": f"voicebot_visit={answer.cookies['voicebot_visit']}"}
        done = await browser.post("/login", data={**form, "password": PASSWORD}, headers=sent)
        assert done.headers["set-cookie"].startswith("__Host-voicebot=")
        assert "Secure" in done.headers["set-cookie"]


async def test_too_much_is_not_read(browser: Browser) -> None:
    much = await browser.post("/review", data={"csrf": browser.csrf, "words": "x" * 300_000})
    assert much.status_code == 413
    many = {f"f{n}": "" for n in range(300)}
    assert (await browser.post("/review", data=many)).status_code == 400
    assert (await browser.post("/review", json={"csrf": browser.csrf})).status_code == 415
    odd = await browser.post("/review", content=b"csrf=%ff%fe\xff")
    assert odd.status_code in (400, 403, 415)


def test_easily_guessed_passwords_are_refused() -> None:
    for weak in ("short", "aaaaaaaaaaaa", "password12", "my-zhang.wei-1", "x" * 200, "1234567890"):
        assert weakness(weak, "zhang.wei"), weak
    for good in ("correct horse battery", "机房空调坏了三次啊真的吗", one_time_password()):
        assert not weakness(good, "zhang.wei"), good
    assert len({one_time_password() for _ in range(100)}) == 100


async def test_what_happens_now_is_seen_though_the_database_is_away(
    timed: Browser, time_: Time, people: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    await timed.sign_in("supervisor")

    def broken(*_args: object, **_options: object) -> None:
        from voicebot.errors import RecordsError

        raise RecordsError("records: cannot be read: server closed the connection")

    monkeypatch.setattr("voicebot.records.people.People._fetch", broken)
    assert (await timed.get("/live")).status_code == 200
    time_.passed += timedelta(minutes=16)
    assert (await timed.get("/live")).status_code == 503


async def test_real_hashes_are_argon2id_and_take_a_while(house: House, people: Records) -> None:
    from voicebot.console.passwords import hash_password, matches

    started = time.process_time()
    hashed = hash_password("correct horse battery")
    assert time.process_time() - started > 0.01
    assert hashed.startswith("$argon2id$") and "m=65536,t=3" in hashed
    assert matches(hashed, "correct horse battery")
    assert not matches(hashed, "correct horse batter")
    assert not matches("no hash", "x")
