"""What must not get in, and what must not get out."""

from __future__ import annotations

import socket
import subprocess
import sys
import uuid
from pathlib import Path

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from tests.console.conftest import Browser
from voicebot.console.guard import SECURITY_HEADERS, Access, Guard, host_of, is_loopback_name
from voicebot.console.server import open_listener
from voicebot.errors import SettingsError
from voicebot.records import CallRecorder
from voicebot.settings import ConsoleSettings


@pytest.mark.parametrize(
    "path",
    [
        f"/calls/{uuid.uuid4()}",
        f"/calls/{uuid.uuid4()}/audio",
        f"/calls/{uuid.uuid4()}/events",
        "/calls/13800138000",
        "/calls/%2e%2e%2f%2e%2e%2fetc%2fpasswd/audio",
        "/calls/../../etc/passwd",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/%2e%2e%2fapp.py",
        "/static//etc/passwd",
        "/static/",
        "/docs",
        "/openapi.json",
        "/nothing",
    ],
)
async def test_what_is_not_there_is_a_404_page(browser: Browser, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert "回到首页" in answer.text
    assert "root:" not in answer.text


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.5:8080",
        "0.0.0.0:8080",
        "[::1",
        "",
        "a:b:c",
        "localhost:80x",
        "evil.example@127.0.0.1",
        "127.0.0.1 evil.example",
    ],
)
async def test_another_host_name_is_refused(browser: Browser, host: str) -> None:
    answer = await browser.get("/live", headers={"Host": host})
    assert answer.status_code == 421
    assert "实时通话" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost:9000", "LOCALHOST", "[::1]:8080"])
async def test_this_machine_is_let_in_on_any_port(browser: Browser, host: str) -> None:
    assert (await browser.get("/live", headers={"Host": host})).status_code == 200


async def test_two_host_headers_are_refused(browser: Browser) -> None:
    headers = [("Host", "127.0.0.1"), ("Host", "evil.example")]
    assert (await browser.get("/live", headers=headers)).status_code == 421


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
async def test_only_get_and_post_are_answered(browser: Browser, method: str) -> None:
    answer = await browser.request(method, "/live")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


async def test_other_sites_may_link_but_not_read(browser: Browser) -> None:
    for site in ("cross-site", "same-site"):
        read = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "no-cors"}
        assert (await browser.get("/live/events", headers=read)).status_code == 403
        linked = {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": "navigate"}
        assert (await browser.get("/live", headers=linked)).status_code == 200


async def test_every_answer_carries_the_security_headers(
    browser: Browser, kept: CallRecorder
) -> None:
    paths = [
        "/live",
        f"/calls/{kept.call_id}",
        f"/calls/{kept.call_id}/audio",
        "/static/console.js",
    ]
    for path in [*paths, "/healthz", "/nothing"]:
        headers = (await browser.get(path)).headers
        for name, value in SECURITY_HEADERS.items():
            assert headers[name] == value, (path, name)
    refused = await browser.get("/live", headers={"Host": "evil.example"})
    assert refused.headers["X-Content-Type-Options"] == "nosniff"


async def test_pages_need_nothing_that_the_policy_forbids(
    browser: Browser, kept: CallRecorder
) -> None:
    for path in ("/live", f"/calls/{kept.call_id}"):
        page = (await browser.get(path)).text
        for forbidden in (" style=", "<style", " onclick=", " onload=", "javascript:", "//cdn"):
            assert forbidden not in page


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        (["203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1, 203.0.113.7"], "203.0.113.7"),
        (["198.51.100.1", "203.0.113.7"], "203.0.113.7"),  # the proxy added a line of its own
        (["198.51.100.1", "nonsense"], "127.0.0.1"),
        ([], "127.0.0.1"),
    ],
)
async def test_limits_count_by_the_address_that_the_proxy_itself_saw(
    lines: list[str], seen: str
) -> None:
    async def address(scope: Scope, receive: Receive, send: Send) -> None:
        await PlainTextResponse(scope["state"]["address"])(scope, receive, send)

    sent = [("X-Forwarded-For", each) for each in lines]
    for proxies, expected in ((("127.0.0.1",), seen), ((), "127.0.0.1")):
        app = Guard(address, Access(proxies=proxies))
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert (await client.get("/", headers=sent)).text == expected


def console(listen: str, **more: object) -> ConsoleSettings:
    return ConsoleSettings.model_validate({"listen": listen, **more})


@pytest.mark.parametrize(
    "listen",
    [
        "example.com:80",
        "localhost:8080",
        "8080",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:99999",
        "127.0.0.1:-1",
        "::1:8080",
        "[]:1",
    ],
)
def test_an_address_that_is_none_is_refused_in_one_line(listen: str) -> None:
    with pytest.raises(SettingsError) as error:
        open_listener(console(listen))
    text = str(error.value)
    assert text.startswith("settings: console.listen: expected 127.0.0.1:PORT")
    assert repr(listen) in text
    assert "\n" not in text


@pytest.mark.parametrize("listen", ["0.0.0.0:0", "10.0.0.5:8080", "[::]:0"])
def test_beyond_this_machine_it_listens_only_over_tls_or_behind_a_proxy(listen: str) -> None:
    with pytest.raises(SettingsError, match=r"console\.certificate .*console\.proxies.*SSH"):
        open_listener(console(listen))
    with pytest.raises(SettingsError, match=r"console\.hosts"):
        open_listener(console(listen, proxies=["10.0.0.2"]))


def test_behind_a_proxy_it_listens_beyond_this_machine() -> None:
    open_listener(console("0.0.0.0:0", proxies=["10.0.0.2"], hosts=["h.example"])).close()


def test_a_certificate_that_is_none_is_told_in_one_line(tmp_path: Path) -> None:
    pem = tmp_path / "a.pem"
    pem.write_text("no certificate")
    for path in (pem, tmp_path / "missing.pem"):
        with pytest.raises(SettingsError, match="expected a certificate and its own key"):
            open_listener(console("127.0.0.1:0", certificate=path, certificate_key=path))


def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        listen = f"127.0.0.1:{other.getsockname()[1]}"
        with pytest.raises(SettingsError, match=f"{listen} is taken by another program"):
            open_listener(console(listen))


def test_ipv6_loopback_is_served_where_there_is_one() -> None:
    try:
        listener = open_listener(console("[::1]:0"))
    except SettingsError as error:
        assert "cannot be listened on" in str(error)  # a machine without IPv6
        return
    assert listener.getsockname()[0] == "::1"
    listener.close()


def test_host_headers_are_taken_apart() -> None:
    assert host_of("[::1]:8080") == "::1"
    assert host_of("localhost:1") == "localhost"
    assert host_of("[::1]x") == ""
    assert not is_loopback_name("")


def test_serve_refuses_before_it_loads_anything() -> None:
    command = [sys.executable, "-m", "voicebot", "serve", "--console", "0.0.0.0:8080"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("voicebot: settings: console.listen: 0.0.0.0:8080 can be reached")
    assert done.stderr.count("\n") == 1
