"""The door's judgement of single requests, without a stack, a socket or a clock."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.admission import Admission, Limits
from telephony.config import LineConfig, Strangers, Trunk
from telephony.door import CALLS_KEPT, REMEMBERED_S, SOURCES_KEPT, Door
from telephony.network_text import plain
from telephony.sip_bounds import METHODS, has_tag
from telephony.sip_request import RawRequest, Reply

CARRIER, SECOND, STRANGER = "198.51.100.7", "2001:db8::7", "203.0.113.9"
TRUNKS = (
    Trunk("carrier", ("198.51.100.0/28",)),
    Trunk("second", ("2001:db8::/64", "192.0.2.1")),
)


class Tried:
    """A door, and the calls that the stack would have."""

    def __init__(self, strangers: Strangers = "ignore", **limits: float) -> None:
        self.now_s = 1000.0
        self.calls: set[str] = set()
        self.admission = Admission(Limits(**limits), lambda: self.now_s)  # type: ignore[arg-type]
        self.door = Door(
            LineConfig(trunks=TRUNKS, strangers=strangers),
            self.admission,
            lambda call_id: call_id in self.calls,
            spread=lambda: 0.5,
        )

    def judge(self, request: RawRequest) -> bool | Reply:
        return self.door.judge(request, self.now_s)

    def code(self, request: RawRequest) -> bool | int:
        verdict = self.judge(request)
        return verdict.code if isinstance(verdict, Reply) else verdict


def request(
    method: str = "INVITE",
    source: str = CARRIER,
    call_id: str = "one",
    *,
    inside: bool = False,
    cseq: int = 1,
    more: tuple[tuple[str, str], ...] = (),
    uri: str = "sip:400@192.0.2.80",
    via: str = "SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK1",
) -> RawRequest:
    headers = (
        ("via", via),
        ("from", "<sip:13800138000@198.51.100.7>;tag=a"),
        ("to", "<sip:400@192.0.2.80>" + (";tag=b" if inside else "")),
        ("call-id", call_id),
        ("cseq", f"{cseq} {method}"),
        ("max-forwards", "70"),
        *more,
    )
    size = sum(len(name) + len(value) for name, value in headers)
    longest = max(len(value) for _, value in headers)
    cut = tuple((name, value[:1024]) for name, value in headers)
    return RawRequest(method, uri, source, 5060, cut, size, longest)


@pytest.mark.parametrize(
    ("source", "trunk"),
    [
        (CARRIER, "carrier"),
        ("::ffff:198.51.100.7", "carrier"),
        (SECOND, "second"),
        ("192.0.2.1", "second"),
    ],
)
def test_a_trunk_may_ring_and_is_named(source: str, trunk: str) -> None:
    tried = Tried()
    assert tried.judge(request(source=source)) is True
    guest = tried.door.guest("one")
    assert guest is not None
    assert (guest.trunk, guest.overflow) == (trunk, False)
    assert tried.admission.in_calls == 1
    assert tried.door.guest("another") is None


@pytest.mark.parametrize("source", [STRANGER, "198.51.100.16", "2001:db8:1::7", "", "localhost"])
@pytest.mark.parametrize("method", [*METHODS, "REGISTER", "MESSAGE", "NONSENSE"])
def test_a_stranger_begins_nothing(method: str, source: str) -> None:
    ignoring, forbidding = Tried("ignore"), Tried("forbid")
    for inside in (False, True):
        asked = request(method, source, inside=inside)
        assert ignoring.judge(asked) is False
        expected = False if method == "ACK" else 403
        assert forbidding.code(asked) == expected
    assert ignoring.admission.in_calls == forbidding.admission.in_calls == 0


def test_answers_to_strangers_are_few_and_go_to_the_sender_only() -> None:
    tried = Tried("forbid", requests_per_s=2)
    answers = [tried.code(request(source=f"203.0.113.{n}")) for n in range(20)]
    assert answers == [403] * 4 + [False] * 16, "made-up addresses are not answered one by one"
    tried.now_s += 1
    aimed = "SIP/2.0/UDP 203.0.113.9;branch=z9hG4bK1; MADDR = 192.0.2.66"
    assert tried.judge(request(source=STRANGER, via=aimed)) is False
    assert tried.judge(request(via=aimed)) is False


def test_a_far_end_that_we_dialled_may_go_on_though_it_is_no_trunk() -> None:
    tried = Tried()
    tried.calls.add("dialled")
    for method in ("ACK", "UPDATE", "INVITE", "INFO", "NOTIFY", "BYE"):
        inside = request(method, STRANGER, "dialled", inside=True)
        assert tried.judge(inside) is True
        assert tried.judge(request(method, STRANGER, "dialled")) is False
        assert tried.judge(request(method, STRANGER, "other", inside=True)) is False
    assert tried.code(request("SUBSCRIBE", STRANGER, "dialled", inside=True)) == 405
    tried.calls.clear()
    tried.door.ended("dialled", tried.now_s)
    repeated = request("BYE", STRANGER, "dialled", inside=True)
    assert tried.judge(repeated) is True, "the 200 to its BYE may have been lost"
    tried.now_s += REMEMBERED_S + 0.1
    assert tried.judge(repeated) is False


def test_a_flood_inside_a_call_from_a_stranger_is_limited() -> None:
    tried = Tried(requests_per_s=5)
    tried.calls.add("dialled")
    flood = [tried.judge(request("INFO", STRANGER, "dialled", inside=True)) for _ in range(50)]
    assert flood.count(True) == 10


@pytest.mark.parametrize(
    ("method", "code"),
    [
        ("REGISTER", 405),
        ("SUBSCRIBE", 405),
        ("MESSAGE", 405),
        ("PUBLISH", 405),
        ("NONSENSE", 501),
        ("invite", 501),
        ("REFER", 603),
    ],
)
def test_what_a_bot_has_no_use_for_is_refused_to_trunks_too(method: str, code: int) -> None:
    verdict = Tried().judge(request(method))
    assert isinstance(verdict, Reply)
    assert verdict.code == code
    assert (code == 405) == (f"Allow: {', '.join(METHODS)}" in verdict.headers)


def test_a_refer_inside_a_call_is_the_stacks_to_answer() -> None:
    tried = Tried()
    assert tried.judge(request()) is True
    assert tried.judge(request("REFER", inside=True)) is True


TOO_MUCH = [
    (request(uri="sip:" + "4" * 600), 414),
    (request(more=(("x-many", "1"),) * 130), 513),
    (request(more=(("x-long", "1" * 2100),)), 513),
    (request(more=(("x-a", "1" * 2000),) * 9), 513),
    (request(call_id="1" * 300), 400),
    (request(call_id="a b"), 400),
    (request(call_id="a\x01b"), 400),
    (request(call_id="号"), 400),
    (request(call_id=""), 400),
    (request(more=(("call-id", "two"),)), 400),
    (request(more=(("to", "<sip:1@2>;tag=x"),)), 400),
    (request(more=(("from", "<sip:1@2>;tag=x"),)), 400),
    (request(more=(("cseq", "2 INVITE"),)), 400),
    (request(more=(("content-length", "-1"),)), 400),
    (request(more=(("content-length", "٣"),)), 400),
    (request(more=(("content-length", "20000"),)), 513),
    (request(more=(("content-length", "9" * 500),)), 513),
]


@pytest.mark.parametrize(("asked", "code"), TOO_MUCH)
def test_what_is_too_large_or_ambiguous_is_refused_with_a_reason(
    asked: RawRequest, code: int
) -> None:
    tried = Tried()
    verdict = tried.judge(asked)
    assert isinstance(verdict, Reply)
    assert verdict.code == code
    assert verdict.reason.isascii()
    assert len(verdict.reason) > 5
    assert tried.admission.in_calls == 0
    assert tried.judge(replace(asked, method="ACK")) is False
    assert tried.judge(replace(asked, source=STRANGER)) is False


def test_what_an_ims_trunk_sends_is_not_too_large() -> None:
    hops = tuple(("record-route", f"<sip:scscf{n}.ims.example;lr;x={'a' * 120}>") for n in range(8))
    named = (("p-charging-vector", "icid-value=" + "b" * 300), ("user-to-user", "c" * 512))
    assert Tried().judge(request(more=(*hops, *named, ("content-length", "1800")))) is True


def test_full_is_503_with_a_varied_retry_after_and_a_free_place_is_used() -> None:
    tried = Tried(max_calls=1, retry_after_s=4)
    assert tried.judge(request()) is True
    refused = tried.judge(request(call_id="two"))
    assert refused == Reply(503, "Service Unavailable", ("Retry-After: 6",))
    assert tried.code(request("OPTIONS", call_id="three")) == 503
    assert tried.judge(request("OPTIONS", inside=True)) is True, "not a question about new calls"
    tried.door.ended("one", tried.now_s)
    assert tried.judge(request("OPTIONS", call_id="three")) is True
    assert tried.judge(request(call_id="four")) is True


def test_draining_is_503_and_calls_go_on() -> None:
    tried = Tried()
    assert tried.judge(request()) is True
    tried.admission.drain()
    assert tried.code(request(call_id="two")) == 503
    assert tried.code(request("OPTIONS", call_id="three")) == 503
    for method in ("ACK", "INVITE", "UPDATE", "BYE"):
        assert tried.judge(request(method, inside=True)) is True


@given(st.floats(0, 1), st.integers(1, 60))
def test_retry_after_is_between_once_and_twice_what_was_set(spread: float, least_s: int) -> None:
    admission = Admission(Limits(retry_after_s=least_s))
    admission.drain()
    door = Door(LineConfig(trunks=TRUNKS), admission, lambda _: False, spread=lambda: spread)
    verdict = door.judge(request(), 0.0)
    assert isinstance(verdict, Reply)
    (header,) = verdict.headers
    assert least_s <= int(header.removeprefix("Retry-After: ")) <= 2 * least_s


def test_an_invite_that_is_repeated_is_one_call() -> None:
    tried = Tried(max_calls=1)
    for _ in range(5):
        assert tried.judge(request()) is True
    assert tried.admission.in_calls == 1
    assert tried.judge(request("CANCEL")) is True
    tried.door.ended("one", tried.now_s)
    assert tried.judge(request()) is True, "late, and the stack's transaction answers it again"
    assert tried.admission.in_calls == 0


def test_an_invite_that_was_refused_stays_refused() -> None:
    tried = Tried(max_calls=1)
    assert tried.judge(request()) is True
    first = tried.judge(request(call_id="two"))
    tried.door.ended("one", tried.now_s)
    tried.now_s += 0.5
    assert tried.judge(request(call_id="two")) == first, "the caller has gone elsewhere"
    assert tried.judge(request(call_id="two", cseq=2)) is True, "the caller tries again"


def test_one_call_id_is_one_call() -> None:
    tried = Tried()
    assert tried.judge(request()) is True
    assert tried.code(request(cseq=2)) == 482
    assert tried.code(request(via="SIP/2.0/UDP 198.51.100.8;branch=z9hG4bK2")) == 482
    assert tried.admission.in_calls == 1


def test_a_trunk_that_sends_too_much_hears_so_and_its_calls_go_on() -> None:
    tried = Tried(requests_per_s=5, max_calls=100, burst=100, calls_per_s=100)
    codes = [tried.code(request(call_id=f"{n}")) for n in range(40)]
    assert codes == [True] * 10 + [503] * 10 + [False] * 20
    assert [tried.code(request("NOTIFY", call_id="n"))] == [False]
    for n in range(10):
        for method in ("ACK", "INFO", "BYE"):
            assert tried.judge(request(method, call_id=f"{n}", inside=True)) is True
    assert tried.judge(request(source=SECOND, call_id="x")) is True, "each source for itself"
    tried.now_s += 1
    assert tried.judge(request(call_id="later")) is True


def test_a_flood_of_made_up_strangers_grows_nothing() -> None:
    tried = Tried("forbid")
    for n in range(3 * SOURCES_KEPT):
        tried.judge(request(source=f"203.{n >> 8 & 255}.{n & 255}.1", call_id=f"{n}", inside=True))
        tried.judge(request(source=CARRIER, call_id=f"{n}", inside=n % 2 == 0))
    kept = tried.door.__dict__
    assert len(kept["_strangers"]) <= SOURCES_KEPT
    assert len(kept["_refused"]) <= CALLS_KEPT
    assert tried.admission.in_calls <= tried.admission.limits.max_calls


def test_what_has_ended_or_was_refused_is_forgotten_in_time() -> None:
    tried = Tried(max_calls=1, requests_per_s=1e6)
    tried.judge(request(call_id="in"))
    for n in range(CALLS_KEPT + 50):
        tried.judge(request(call_id=f"{n}"))
        tried.door.ended(f"{n}", tried.now_s)
    kept = tried.door.__dict__
    assert len(kept["_refused"]) == len(kept["_ended"]) == CALLS_KEPT


def test_a_call_that_the_stack_refused_itself_gives_its_place_back() -> None:
    tried = Tried(max_calls=2)
    assert tried.judge(request(call_id="no codec")) is not True  # a space: 400
    assert tried.judge(request(call_id="488")) is True
    assert tried.judge(request(call_id="rings")) is True
    tried.calls.add("rings")
    tried.door.sweep(tried.now_s)
    assert tried.admission.in_calls == 2, "the loop may still have to hear of it"
    tried.now_s += 1.5
    tried.door.sweep(tried.now_s)
    assert tried.admission.in_calls == 1
    assert tried.door.guest("488") is None
    assert tried.door.guest("rings") is not None
    tried.calls.clear()
    tried.door.sweep(tried.now_s)
    assert tried.admission.in_calls == 1, "it rang: its end is told by itself"
    tried.door.close()
    assert tried.admission.in_calls == 0


def test_the_notice_is_a_mark_on_the_guest() -> None:
    admission = Admission(Limits(max_calls=1, overflow="notice", notice_calls=1))
    door = Door(LineConfig(trunks=TRUNKS), admission, lambda _: False)
    assert [door.judge(request(call_id=f"{n}"), 0.0) is True for n in range(3)] == [
        True,
        True,
        False,
    ]
    marks = [guest.overflow for n in range(2) if (guest := door.guest(f"{n}"))]
    assert marks == [False, True]


@pytest.mark.parametrize(
    ("value", "tagged"),
    [
        ("<sip:400@h>;tag=1", True),
        ("<sip:400@h> ; TAG = 1", True),
        ('"O\\"tag" <sip:400@h>;x=1;tag=z', True),
        ("sip:400@h;tag=1", True),
        ("Li Lei <sip:400@h>;tag=1", True),
        ("<sip:400@h>", False),
        ("<sip:400@h;tag=1>", False),
        ('"a;tag=1" <sip:400@h>', False),
        ('"><sip:x>;tag=1" <sip:400@h>', False),
        ('<sip:400@h>;x=";tag=1"', False),
        ("<sip:400@h>;tag=", False),
        ('<sip:400@h>;tag=""', False),
        ("<sip:400@h>;tag\v=1", False),
        ("<sip:400@h>;notag=1", False),
        ("<sip:400@h", False),
        ("", False),
    ],
)
def test_a_tag_is_the_headers_own(value: str, tagged: bool) -> None:
    assert has_tag(value) is tagged


@given(st.text(max_size=200))
def test_any_value_can_be_asked_for_its_tag(value: str) -> None:
    assert has_tag(value) in (True, False)


@pytest.mark.parametrize("piece", [" ", '"', "\\", ";", "<", ">", '" ', ";tag", "; ", '"\\', "=;"])
def test_no_value_keeps_the_door_busy(piece: str) -> None:
    value = piece * (1024 // len(piece))
    began_s = time.process_time()
    for tail in ("", "<", "<>", ";tag=1"):
        has_tag(value + tail)
        has_tag("<sip:a@b>" + value + tail)
    assert time.process_time() - began_s < 0.5


HOSTILE = st.text(max_size=30) | st.sampled_from(
    ["", "one", "<sip:a@b>;tag=x", "sip:a@b", "\0", "SIP/2.0/UDP a;maddr=b", "1 INVITE", "9" * 3000]
)


@given(
    method=st.sampled_from([*METHODS, "REGISTER", "X"]) | HOSTILE,
    uri=HOSTILE,
    source=st.sampled_from([CARRIER, SECOND, STRANGER, "::ffff:1.2.3.4", ""]) | HOSTILE,
    headers=st.lists(
        st.tuples(
            st.sampled_from(["via", "from", "to", "call-id", "cseq", "content-length", "x"]),
            HOSTILE,
        ),
        max_size=12,
    ),
    size=st.integers(0, 70_000),
    strangers=st.sampled_from(["ignore", "forbid"]),
)
def test_no_request_breaks_the_door(
    method: str,
    uri: str,
    source: str,
    headers: list[tuple[str, str]],
    size: int,
    strangers: Strangers,
) -> None:
    tried = Tried(strangers)
    tried.calls.add("one")
    verdict = tried.judge(RawRequest(method, uri, source, 1, tuple(headers), size, size))
    if isinstance(verdict, Reply):
        assert method != "ACK"
        assert 400 <= verdict.code <= 699
        assert all(text.isprintable() for text in (verdict.reason, *verdict.headers))
    if verdict is True and source not in (CARRIER, SECOND):
        assert ("call-id", "one") in headers
        assert any(name == "to" and has_tag(value) for name, value in headers)
    assert tried.admission.in_calls <= (verdict is True)


@given(st.text(max_size=300), st.integers(0, 100))
def test_network_text_is_bounded_and_steers_nothing(text: str, most: int) -> None:
    shown = plain(text, most)
    assert len(shown) <= most
    assert not set(shown) & set("\r\n\t\0\x1b\x7f\x85\u202e\u2066\u200b\u2028\ufeff")
    assert plain(shown, most) == shown


def test_network_text_keeps_what_people_read() -> None:
    assert plain("张三 O'Brien +86 138\r\nX: 1\x1b[2J", 99) == "张三 O'Brien +86 138X: 1[2J"
