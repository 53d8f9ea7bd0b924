"""The sans-I/O parts of the pyVoIP backend: messages, descriptions, packets in order."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from line_support import clarity_db, samples, voice

from telephony import FRAME_BYTES, LineError
from telephony.config import LineConfig, Registration, Tls, Trunk
from telephony.pyvoip import limits, sdp
from telephony.pyvoip.dialling import check_headers, check_target
from telephony.pyvoip.g711 import LAWS
from telephony.pyvoip.message import Message, respond, tag_of, uri_of
from telephony.pyvoip.reorder import Reorder
from telephony.pyvoip.ring import RtpRing
from telephony.pyvoip.stack import SIPParseError

SOURCE = ("10.0.0.7", 5090)
INVITE = (
    "INVITE sip:400@10.0.0.1 SIP/2.0\r\n"
    "v: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKa;rport, SIP/2.0/UDP 10.0.0.8;branch=z9hG4bKb\r\n"
    "Record-Route: <sip:10.0.0.7;lr>\r\n"
    "record-route:<sip:10.0.0.8;lr>\r\n"
    'f: "Zhang: a, b" <tel:+8613800138000>\r\n ;tag=abc;x=y\r\n'
    "t: <sip:400@10.0.0.1>\r\n"
    "i: one\r\n"
    "CSeq:  7   INVITE\r\n"
    "m: <sip:a@10.0.0.7:5060;transport=udp>;expires=60\r\n"
    "l: 3\r\n\r\nabcdef"
)
FRAME = b"\1\0" * 160


def read(text: str = INVITE, source: tuple[str, int] = SOURCE) -> Message:
    return Message(text.encode(), source)


def test_what_carriers_write_is_read() -> None:
    message = read()
    assert (message.method, message.uri, message.cseq) == ("INVITE", "sip:400@10.0.0.1", 7)
    assert (message.call_id, message.from_tag, message.to_tag) == ("one", "abc", "")
    assert message.branch == "z9hG4bKa"
    assert message.all("record-route") == ("<sip:10.0.0.7;lr>", "<sip:10.0.0.8;lr>")
    assert uri_of(message.first("contact")) == "sip:a@10.0.0.7:5060;transport=udp"
    assert message.text == "abc"  # not what stands behind the length


def test_a_status_without_a_name_is_read() -> None:
    message = read(INVITE.replace("INVITE sip:400@10.0.0.1 SIP/2.0", "SIP/2.0 499 Whatever it is"))
    assert (message.code, message.reason, message.method) == (499, "Whatever it is", "")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("\r\n\r\n", "\r\n"),
        ("INVITE sip:400@10.0.0.1 SIP/2.0", "INVITE sip:400@10.0.0.1 SIP/3.0"),
        ("INVITE sip:400@10.0.0.1 SIP/2.0", "invite"),
        ("i: one\r\n", ""),
        ("t: <sip:400@10.0.0.1>", "t:"),
        ("7   INVITE", "7 BYE"),
        ("7   INVITE", "x INVITE"),
        ("l: 3", "l: 4000"),
        ("l: 3", "l: -1"),
        ("i: one", "i one"),
        ("i: one", "i: one\n"),
        ("i: one", "i: one\r\n" + "x: y\r\n" * 200 + "x: y"),
        ("i: one", f"i: {'o' * 20_000}"),
    ],
)
def test_what_is_no_message_is_refused(old: str, new: str) -> None:
    with pytest.raises(SIPParseError):
        read(INVITE.replace(old, new))


@given(st.binary(max_size=400), st.integers(0, len(INVITE)), st.integers(0, 60))
def test_no_datagram_does_more_than_be_refused(junk: bytes, at: int, cut: int) -> None:
    data = INVITE.encode()
    for datagram in (junk, data[:at] + junk + data[at + cut :]):
        try:
            message = Message(datagram, SOURCE)
        except SIPParseError:
            continue
        answer = respond(message, 200, tag="x").decode()
        assert answer.startswith("SIP/2.0 200 OK\r\n")
        assert answer.endswith("\r\n\r\n")
        assert message.reply_to[0] == SOURCE[0]


def test_an_answer_goes_back_the_way_the_request_came() -> None:
    lines = respond(read(), 180, tag="ours").decode().split("\r\n")
    assert lines[:8] == [
        "SIP/2.0 180 Ringing",
        "Via: SIP/2.0/UDP 10.0.0.7:5060;branch=z9hG4bKa;rport=5090;received=10.0.0.7",
        "Via: SIP/2.0/UDP 10.0.0.8;branch=z9hG4bKb",
        "Record-Route: <sip:10.0.0.7;lr>",
        "Record-Route: <sip:10.0.0.8;lr>",
        'From: "Zhang: a, b" <tel:+8613800138000> ;tag=abc;x=y',
        "To: <sip:400@10.0.0.1>;tag=ours",
        "Call-ID: one",
    ]
    assert read().reply_to == SOURCE
    without = INVITE.replace(";rport", "")
    assert read(without).reply_to == ("10.0.0.7", 5060)


def test_a_tag_in_the_name_is_no_tag() -> None:
    assert tag_of('"x;tag=evil" <sip:a@b;tag=worse>;tag=good') == "good"
    assert tag_of('"x;tag=evil" <sip:a@b>') == ""


OFFER = (
    "v=0\r\no=- 1 1 IN IP4 10.0.0.7\r\ns=-\r\nc=IN IP4 10.0.0.7\r\nt=0 0\r\na=sendonly\r\n"
    "m=video 9000 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
    "m=audio 9002 RTP/AVP 0 18 97 8 101\r\na=rtpmap:97 AMR/8000/1\r\n"
    "a=rtpmap:101 telephone-event/8000\r\na=fmtp:97 mode-set=0=1\r\n"
)


def test_one_codec_is_agreed_upon_and_the_rest_is_refused() -> None:
    theirs = sdp.read(OFFER)
    assert (theirs.address, theirs.port, theirs.direction) == ("10.0.0.7", 9002, "sendonly")
    assert sdp.agree(theirs, ("pcma", "pcmu")) == ("pcma", 8)  # our order
    assert sdp.agree(theirs, ("pcmu", "pcma")) == ("pcmu", 0)
    answer = sdp.answer("10.0.0.1", 44000, 2, theirs, "pcma", "recvonly")
    media = [line for line in answer.split("\r\n") if line.startswith("m=")]
    assert media == ["m=video 0 RTP/AVP 96", "m=audio 44000 RTP/AVP 8 101"]
    assert "a=recvonly" in answer
    back = sdp.read(answer)
    assert (back.types, back.event_type) == (((8, "PCMA/8000"), (101, sdp.EVENT)), 101)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v=0\r\n",
        OFFER.replace("m=audio 9002", "m=audio 0"),
        OFFER.replace("RTP/AVP 0 18", "RTP/SAVP 0 18"),
        OFFER.replace("c=IN IP4 10.0.0.7", "c=IN IP4 224.2.1.1/127"),
        OFFER.replace("c=IN IP4 10.0.0.7", "c=IN IP6 ::1"),
        OFFER.replace("c=IN IP4 10.0.0.7", "c=IN IP4 pbx.example"),
        OFFER.replace("m=audio 9002", "m=audio 90020"),
    ],
)
def test_a_description_that_we_cannot_take_is_refused(text: str) -> None:
    with pytest.raises(sdp.SdpError):
        sdp.read(text)


def test_hold_is_known_old_and_new() -> None:
    assert sdp.read(OFFER).muted
    assert sdp.read(OFFER.replace("sendonly", "inactive")).muted
    assert sdp.read(
        OFFER.replace("sendonly", "x").replace("c=IN IP4 10.0.0.7", "c=IN IP4 0.0.0.0")
    ).muted
    assert not sdp.read(OFFER.replace("sendonly", "recvonly")).muted


@given(st.text(alphabet=st.characters(max_codepoint=255), max_size=300), st.integers(0, len(OFFER)))
def test_no_description_does_more_than_be_refused(junk: str, at: int) -> None:
    for text in (junk, OFFER[:at] + junk + OFFER[at:]):
        try:
            theirs = sdp.read(text)
            codec, _ = sdp.agree(theirs, ("pcma",))
        except sdp.SdpError:
            continue
        assert sdp.read(sdp.answer("10.0.0.1", 44000, 1, theirs, codec, "sendrecv")).port == 44000


def stream(order: list[int], *, hold_ms: int = 40, first: int = 0) -> tuple[Reorder, bytes]:
    """Packets numbered from `first`, each a frame of its number, every 20 ms, in this order."""
    reorder, heard = Reorder(hold_ms), b""
    for tick, number in enumerate(order):
        sequence = (first + number) % 0x10000
        pcm = number.to_bytes(2, "little") * 160
        reorder.push(7, sequence, number * 160, pcm, tick * 0.02)
        heard += reorder.take(tick * 0.02)
    return reorder, heard + reorder.take(10.0)


def numbers(heard: bytes) -> list[int]:
    return [
        int.from_bytes(heard[at : at + 2], "little") for at in range(0, len(heard), FRAME_BYTES)
    ]


def test_packets_pass_in_order_across_the_wrap() -> None:
    reorder, heard = stream(list(range(1, 9)), first=0xFFFC)
    assert numbers(heard) == list(range(1, 9))
    assert (reorder.received, reorder.lost) == (8, 0)
    assert reorder.jitter_ms < 0.001


def test_packets_that_overtook_each_other_are_put_back() -> None:
    reorder, heard = stream([1, 3, 2, 4, 6, 5])
    assert numbers(heard) == [1, 2, 3, 4, 5, 6]
    assert reorder.lost == 0


def test_a_packet_that_never_comes_is_silence_in_its_place() -> None:
    reorder, heard = stream([1, 2, 5, 6, 7, 8])
    assert numbers(heard) == [1, 2, 0, 0, 5, 6, 7, 8]
    assert reorder.lost == 2


def test_a_packet_that_comes_too_late_is_not_played_and_not_lost() -> None:
    reorder, heard = stream([1, 3, 4, 5, 6, 2, 7])
    assert numbers(heard) == [1, 0, 3, 4, 5, 6, 7]
    assert reorder.lost == 0


def test_a_restarted_sender_is_heard_from_its_first_packet() -> None:
    reorder, _ = stream([1, 2, 3])
    reorder.push(8, 40_000, 5, FRAME, 20.0)
    assert reorder.take(20.04) == FRAME
    reorder.push(8, 100, 2**31, FRAME, 20.06)
    assert reorder.take(20.10) == FRAME
    assert reorder.lost == 0


def test_a_packet_waits_for_its_time_and_a_late_one_does_not() -> None:
    reorder = Reorder(40)
    given_s: list[float] = []
    arrivals_s = [0.0, 0.020, 0.065, 0.065, 0.080]  # the third is 25 ms late
    for tick in range(150):
        for number, arrival_s in enumerate(arrivals_s):
            if round(arrival_s * 1000) == tick:
                reorder.push(1, number, number * 160, FRAME, tick / 1000)
        given_s += [tick / 1000] * (len(reorder.take(tick / 1000 + 1e-9)) // FRAME_BYTES)
    assert given_s == pytest.approx([0.040, 0.060, 0.080, 0.100, 0.120], abs=0.0011)


def test_the_buffer_follows_a_far_clock_that_is_slow_or_fast() -> None:
    for ppm in (-80, 80):
        reorder, waited_s = Reorder(40), 0.0
        for number in range(45_000):  # a quarter of an hour
            now_s = number * 0.02 * (1 + ppm / 1e6)
            reorder.push(1, number % 0x10000, number * 160, FRAME, now_s)
            waited_s = (reorder._early[number % 0x10000].due_s - now_s) * 1000
            reorder.take(now_s + 1)
        assert 38 <= waited_s <= 42


def test_what_nobody_takes_does_not_pile_up() -> None:
    reorder = Reorder(40)
    for number in range(1000):
        reorder.push(1, number, number * 160, FRAME, number * 0.02)
    assert len(reorder.take(100.0)) <= (100 + 25) * FRAME_BYTES


def test_jitter_is_that_of_the_rfc() -> None:
    reorder = Reorder(0)
    for number in range(400):
        late_s = 0.010 if number % 2 else 0.0
        reorder.push(1, number, number * 160, FRAME, number * 0.02 + late_s)
    assert 9.9 < reorder.jitter_ms < 10.1


def test_both_laws_keep_16_bits_of_speech() -> None:
    said = voice(1.0)
    for law in LAWS.values():
        codes = law.encode(said)
        assert len(codes) == len(said) // 2
        assert clarity_db(said, samples(law.decode(codes))) >= 35
        assert law.decode(law.encode(law.decode(codes))) == law.decode(codes)


def test_the_ring_counts_what_left_and_what_was_flushed() -> None:
    ring = RtpRing()
    assert ring.state() is None
    assert ring.write(FRAME) == 0
    assert ring.read() == b""
    ring.open(lambda: FRAME)
    assert ring.write(FRAME * 2) == len(FRAME) * 2
    assert ring.next_frame() == FRAME
    ring.flush()
    assert ring.next_frame() == bytes(FRAME_BYTES)
    state = ring.state()
    assert state is not None
    assert (state.waiting, state.flushed, state.silent_frames) == (0, FRAME_BYTES, 1)
    assert ring.read() == FRAME
    ring.close()
    assert (ring.read(), ring.state()) == (b"", None)


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (LineConfig(tls=Tls("127.0.0.1:5061", Path("x"))), "no TLS"),
        (LineConfig(codecs=("g722",)), "pcma, pcmu, got g722"),
        (LineConfig(follow_transfers=True), "follows no REFER"),
        (LineConfig(trunks=(Trunk("a", transport="tls"),)), "trunk a: pyvoip has UDP only"),
        (LineConfig(listen="[::1]:5060"), "IPv4 addresses only"),
        (LineConfig(listen="5060"), "ADDRESS:PORT is expected"),
        (LineConfig(rtp_ports="9-x"), "LOW-HIGH within 1024-65535 is expected"),
        (
            LineConfig(
                trunks=(Trunk("a", registration=Registration("b", "u", "p", auth_user="v")),)
            ),
            "logs in as the user",
        ),
    ],
)
def test_what_it_lacks_is_told_at_the_start(config: LineConfig, says: str) -> None:
    with pytest.raises(LineError, match=says) as caught:
        limits.check(config)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "headers", [{"X-A": "1\r\nEvil: 1"}, {"X A": "1"}, {"": "1"}, {"X": "\0"}, {"X": "y" * 5000}]
)
def test_a_header_that_would_break_out_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(ValueError):
        check_headers(headers)


def test_only_udp_targets_are_dialled() -> None:
    assert check_target("sip:1@10.0.0.1;transport=udp;user=phone")
    with pytest.raises(ValueError, match="UDP only, got transport=tcp"):
        check_target("sip:1@10.0.0.1;transport=TCP")
