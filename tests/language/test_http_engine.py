"""A language server over a real socket: what it is asked, and whatever it does wrong."""

from __future__ import annotations

import datetime
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.language.llm_server import Answer, Connection, Server, chosen, said, serving, streamed
from voicebot.errors import LanguageError
from voicebot.language.api import Abandoned, FewShot, Late
from voicebot.language.build import build_engine
from voicebot.language.http_engine import UNSCORED, HttpEngine
from voicebot.remote.breaker import Breaker
from voicebot.settings import load_settings

HEAD = FewShot("只回答字母。", (("哪个？\nA. 甲\nB. 乙", "A"),))
SECRET = "sk-only-for-the-server"
SOON_S = 5.0
"""Long before any request would end by itself."""


def engine_at(url: str, **http: Any) -> HttpEngine:
    table = {"engine": "http", "model": "qwen", "http": {"url": url, "key": SECRET, **http}}
    settings = load_settings(environ={}, overrides={"language": table})
    engine = build_engine(settings.language, settings.models)
    assert isinstance(engine, HttpEngine)
    return engine


@contextmanager
def talking(answer: Answer, **http: Any) -> Iterator[tuple[HttpEngine, Server]]:
    with serving(answer) as server:
        engine = engine_at(server.url, **http)
        try:
            yield engine, server
        finally:
            engine.close()


def always(body: object, status: int = 200, **headers: str) -> Answer:
    return lambda to, asked: to.reply(body, status, **headers)


# --- what is asked and understood ----------------------------------------------------------------
def test_a_choice_is_read_off_the_letters_probabilities() -> None:
    with talking(always(chosen("B", 0.8))) as (engine, server):
        choice = engine.choose(HEAD, "哪个？", ["甲", "乙", "丙"])
    assert (choice.index, choice.probability) == (1, pytest.approx(1.0))
    (asked,) = server.asked
    assert asked["logprobs"] is True
    assert asked["max_tokens"] == 1
    assert asked["messages"][-1] == {"role": "user", "content": "哪个？\nA. 甲\nB. 乙\nC. 丙"}
    assert server.seen[0]["authorization"] == f"Bearer {SECRET}"


def test_a_server_that_tells_no_probabilities_is_asked_in_json_from_then_on() -> None:
    with talking(always(said('{"answer": "B"}'))) as (engine, server):
        choices = [engine.choose(HEAD, "哪个？", ["甲", "乙"]) for _ in range(2)]
    assert [choice.index for choice in choices] == [1, 1]
    assert choices[0].probability == UNSCORED
    assert ["response_format" in asked for asked in server.asked] == [False, True, True]


def test_a_server_that_knows_neither_is_asked_for_a_bare_letter() -> None:
    def plain(to: Connection, asked: dict[str, Any]) -> None:
        if "logprobs" in asked or "response_format" in asked:
            to.reply({"error": {"message": "unknown key"}}, 400)
        else:
            to.reply(said(" A."))

    with talking(plain) as (engine, server):
        assert engine.choose(HEAD, "哪个？", ["甲", "乙"]).index == 0
        assert engine.choose(HEAD, "哪个？", ["甲", "乙"]).index == 0
    assert len(server.asked) == 4


def test_an_answer_that_is_none_of_the_options_is_an_error() -> None:
    with (
        talking(always(said("我觉得都可以"))) as (engine, _),
        pytest.raises(LanguageError, match="none of the options"),
    ):
        engine.choose(HEAD, "哪个？", ["甲", "乙"])


def test_a_text_streams_in_pieces_cut_anywhere() -> None:
    events = streamed("硬盘", "灯", "亮吗？")

    def slowly(to: Connection, asked: dict[str, Any]) -> None:
        to.begin_stream()
        for at in range(0, len(events), 7):  # half lines, half characters
            to.send(events[at : at + 7])

    heard: list[str] = []
    with talking(slowly) as (engine, _):
        draft = engine.generate(HEAD, "问", 20, on_text=heard.append)
    assert (draft.text, draft.finished) == ("硬盘灯亮吗？", True)
    assert heard == ["硬盘", "灯", "亮吗？"]


def test_a_text_that_was_cut_short_says_so() -> None:
    with talking(always(streamed("很长", reason="length"))) as (engine, _):
        assert not engine.generate(HEAD, "问", 2).finished


def test_a_form_is_filled_exactly() -> None:
    filled = said('{"机型": "YL5280G3", "故障": "不开机"}')
    with talking(always(filled)) as (engine, server):
        form = engine.fields(HEAD, "填表", ["机型", "故障"])
    assert form == {"机型": "YL5280G3", "故障": "不开机"}
    assert server.asked[0]["response_format"]["type"] == "json_schema"


def test_a_form_without_schemas_is_asked_for_as_plain_json() -> None:
    def older(to: Connection, asked: dict[str, Any]) -> None:
        strict = asked["response_format"]["type"] == "json_schema"
        to.reply({}, 400) if strict else to.reply(said('{"机型": ""}'))

    with talking(older) as (engine, server):
        assert engine.fields(HEAD, "填表", ["机型"]) == {"机型": ""}
        assert engine.fields(HEAD, "填表", ["机型"]) == {"机型": ""}
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    "text", ['{"机型": 5}', '{"机型": "a", "电话": "1"}', "{}", "[1]", "机型是a", "[" * 100_000]
)
def test_a_form_that_is_not_the_one_asked_for_is_refused(text: str) -> None:
    with talking(always(said(text))) as (engine, _), pytest.raises(LanguageError):
        engine.fields(HEAD, "填表", ["机型"])


def test_tokens_are_counted_on_the_safe_side() -> None:
    engine = engine_at("http://127.0.0.1:9/v1")
    assert engine.count("硬盘") == 2
    assert engine.count("RAID5") == 3


def test_further_keys_go_into_every_request() -> None:
    extra = {"chat_template_kwargs": {"enable_thinking": False}}
    with talking(always(chosen("A")), extra=extra) as (engine, server):
        engine.choose(HEAD, "哪个？", ["甲", "乙"])
    assert server.asked[0]["chat_template_kwargs"] == {"enable_thinking": False}


# --- whatever goes wrong -------------------------------------------------------------------------
def hangs(to: Connection, asked: dict[str, Any]) -> None:
    to.hang()


def half_a_line(to: Connection, asked: dict[str, Any]) -> None:
    to.begin_stream()
    to.send(b'data: {"choices": [{"delta": {"con')
    to.hang()


def drips(to: Connection, asked: dict[str, Any]) -> None:
    """A byte now and then, for ever: no single wait is long."""
    to.begin_stream()
    for _ in range(600):
        to.send(b":")
        to.hang(0.05)


def gigabyte(to: Connection, asked: dict[str, Any]) -> None:
    to.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
    for _ in range(1000):
        to.send(b"x" * 1_000_000)


def endless_line(to: Connection, asked: dict[str, Any]) -> None:
    to.begin_stream()
    for _ in range(100):
        to.send(b"data: " + b"x" * 10_000)


def garbage(to: Connection, asked: dict[str, Any]) -> None:
    to.send(b"\x00\x01\x02 not http\r\n\r\n")


@pytest.mark.parametrize("answer", [hangs, half_a_line, drips])
def test_a_deadline_is_kept_and_the_server_is_told(answer: Answer) -> None:
    with talking(answer) as (engine, server):
        started_s = time.monotonic()
        with pytest.raises(Late):
            # Long enough for a loaded machine to send the request at all.
            engine.generate(HEAD, "问", 5, deadline_ms=1500)
        assert 1.4 < time.monotonic() - started_s < SOON_S
        assert server.asked, "the request never came"
        assert server.left.wait(SOON_S), "the connection stayed open"


@pytest.mark.parametrize("answer", [hangs, half_a_line])
def test_an_answer_that_nobody_wants_any_more_is_cancelled_at_the_server(answer: Answer) -> None:
    enough = threading.Event()
    with talking(answer) as (engine, server):
        timer = threading.Timer(0.2, enough.set)
        timer.start()
        started_s = time.monotonic()
        with pytest.raises(Abandoned):
            engine.choose(HEAD, "哪个？", ["甲", "乙"], cancelled=enough.is_set)
        assert time.monotonic() - started_s < SOON_S
        assert server.left.wait(SOON_S), "the connection stayed open"
        timer.join()


def test_what_was_streamed_before_the_deadline_is_kept() -> None:
    def begins(to: Connection, asked: dict[str, Any]) -> None:
        to.begin_stream()
        to.send(streamed("电源灯不亮。")[:60])
        to.send(streamed("电源灯不亮。")[60:].partition(b"\n\n")[0] + b"\n\n")
        to.hang()

    with talking(begins) as (engine, _):
        draft = engine.generate(HEAD, "问", 20, deadline_ms=500)
    assert (draft.text, draft.finished) == ("电源灯不亮。", False)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (always(b"<html>hello</html>"), "no JSON"),
        (always({"choices": []}), "without choices"),
        (always({"choices": [None]}), "without choices"),
        (always([1, 2]), "no object"),
        (always(b"\xff\xfe"), "no JSON"),
        (always({}, 401), "is the key right"),
        (always({}, 404), "is the url right"),
        (always({}, 500), "HTTP 500"),
        (always({}, 307, Location="http://127.0.0.1:1/v1"), "set the url to where it leads"),
        (always({}, 301, Location="http://127.0.0.1:1/v1"), "set the url to where it leads"),
        (always(b"x", Content_Encoding="gzip"), "packed"),
        (gigabyte, "over 1048576 bytes"),
        (garbage, "the connection broke off"),
    ],
)
def test_a_wrong_answer_is_one_error_soon(answer: Answer, why: str) -> None:
    with talking(answer) as (engine, _):
        started_s = time.monotonic()
        with pytest.raises(LanguageError, match=why) as error:
            engine.choose(HEAD, "哪个？", ["甲", "乙"])
        assert time.monotonic() - started_s < SOON_S
    assert SECRET not in str(error.value)


def test_a_line_without_an_end_is_not_kept() -> None:
    with talking(endless_line) as (engine, _), pytest.raises(LanguageError, match="a line over"):
        engine.generate(HEAD, "问", 5)


def test_an_answer_in_one_piece_where_a_stream_was_asked_for_is_an_error() -> None:
    with talking(always({})) as (engine, _), pytest.raises(LanguageError, match="no text"):
        engine.generate(HEAD, "问", 5)


def test_a_text_that_is_refused_is_an_error() -> None:
    with talking(always({}, 400)) as (engine, _), pytest.raises(LanguageError, match="HTTP 400"):
        engine.generate(HEAD, "问", 5)


def test_nobody_at_the_address() -> None:
    engine = engine_at("http://127.0.0.1:9/v1")
    with pytest.raises(LanguageError, match="no connection"):
        engine.choose(HEAD, "哪个？", ["甲", "乙"])
    engine.close()


# --- once more, where that is safe ---------------------------------------------------------------
def first_then(first: Answer, then: object) -> Answer:
    """The first request meets one thing, the others another."""
    asked = iter((first,))
    return lambda to, body: next(asked, always(then))(to, body)


def dies(to: Connection, asked: dict[str, Any]) -> None:
    to.socket.close()


@pytest.mark.parametrize(
    "first", [dies, always({}, 503), always({}, 429, Retry_After="0"), always({}, 429)]
)
def test_a_server_that_fails_before_it_answers_is_asked_once_more(first: Answer) -> None:
    with talking(first_then(first, chosen("A"))) as (engine, server):
        assert engine.choose(HEAD, "哪个？", ["甲", "乙"], deadline_ms=4000).index == 0
    assert len(server.asked) == 2


@pytest.mark.parametrize("patience", ["60", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_server_that_asks_for_more_patience_than_there_is_has_failed_at_once(
    patience: str,
) -> None:
    with talking(always({}, 429, Retry_After=patience)) as (engine, server):
        started_s = time.monotonic()
        with pytest.raises(LanguageError, match="busy"):
            engine.choose(HEAD, "哪个？", ["甲", "乙"], deadline_ms=20_000)
        assert time.monotonic() - started_s < SOON_S
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 500])
def test_what_was_refused_is_not_asked_again(status: int) -> None:
    with talking(always({}, status)) as (engine, server), pytest.raises(LanguageError):
        engine.generate(HEAD, "问", 5)
    assert len(server.asked) == 1


def test_a_text_that_has_begun_is_not_asked_for_again() -> None:
    def breaks_off(to: Connection, asked: dict[str, Any]) -> None:
        to.begin_stream()
        to.send(streamed("电源灯")[: streamed("电源灯").index(b"\n\n") + 2])

    with talking(breaks_off) as (engine, server):
        draft = engine.generate(HEAD, "问", 5)
    assert (draft.text, draft.finished, len(server.asked)) == ("电源灯", False, 1)


def test_after_three_failures_the_server_is_left_alone_for_a_while() -> None:
    now_s = [0.0]
    with serving(always({}, 500)) as server:
        engine = engine_at(server.url)
        engine._breaker = Breaker(rest_s=30, clock=lambda: now_s[0])
        for _ in range(5):
            with pytest.raises(LanguageError):
                engine.generate(HEAD, "问", 5)
        assert len(server.asked) == 3
        now_s[0] = 31.0
        server.answer = always(chosen("A"))
        assert engine.choose(HEAD, "哪个？", ["甲", "乙"]).index == 0
        engine.close()


# --- keys and certificates -----------------------------------------------------------------------
def test_a_key_from_a_file_is_sent(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n", "utf-8")
    with talking(always(chosen("A")), key_file=str(tmp_path / "key")) as (engine, server):
        engine.choose(HEAD, "哪个？", ["甲", "乙"])
    assert server.seen[0]["authorization"] == "Bearer from-a-file"


@pytest.mark.parametrize("held", [b"", b"two words", b"two\nlines", "密".encode(), b"\xff\xff"])
def test_a_file_that_holds_no_key_is_an_error_that_does_not_show_it(
    held: bytes, tmp_path: Path
) -> None:
    (tmp_path / "key").write_bytes(held)
    with pytest.raises(LanguageError) as error:
        engine_at("http://127.0.0.1:9/v1", key_file=str(tmp_path / "key"))
    assert "two" not in str(error.value)


@pytest.fixture
def own_certificate(tmp_path: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    import ipaddress

    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


def test_a_certificate_that_nobody_vouches_for_is_not_trusted(own_certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own_certificate)
    with serving(always(chosen("A")), tls) as server:
        stranger, trusting = engine_at(server.url), engine_at(server.url, ca_file=own_certificate)
        with pytest.raises(LanguageError, match="certificate is not trusted"):
            stranger.choose(HEAD, "哪个？", ["甲", "乙"])
        assert server.asked == []
        assert trusting.choose(HEAD, "哪个？", ["甲", "乙"]).index == 0
        stranger.close()
        trusting.close()


def test_many_threads_ask_at_once() -> None:
    def slowly(to: Connection, asked: dict[str, Any]) -> None:
        to.hang(0.3)
        to.reply(chosen("B"))

    def ask(engine: HttpEngine, found: list[int]) -> Callable[[], None]:
        return lambda: found.append(engine.choose(HEAD, "哪个？", ["甲", "乙"]).index)

    found: list[int] = []
    with talking(slowly) as (engine, _):
        started_s = time.monotonic()
        threads = [threading.Thread(target=ask(engine, found)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert time.monotonic() - started_s < 8 * 0.3
    assert found == [1] * 8
