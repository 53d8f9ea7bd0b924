"""Whatever the online voice's service does, its sentence is said: once, whole, and in time."""

from __future__ import annotations

import random
import socket
import time
from collections.abc import Iterator
from dataclasses import replace
from email.utils import formatdate

import numpy as np
import pytest

from tests.speech.edge_server import Behaviour, Boundary, EdgeServer
from tests.speech.edge_sound import CHARACTER_S, LEAD_S, RATE, heard_characters
from tests.speech.fakes import ToneVoice
from voicebot.errors import VoiceError
from voicebot.settings.edge import EdgeSettings
from voicebot.speech.api import Voice
from voicebot.speech.chain import VoiceChain
from voicebot.speech.edge import EdgeVoice
from voicebot.speech.edge_audio import CODEC_DELAY_S
from voicebot.speech.edge_words import heard
from voicebot.speech.espeak import EspeakVoice
from voicebot.speech.reading import Reader

TEXT = "请重启YL5280G3的BMC，然后长按电源键5秒。"
READER = Reader()
FIRST_MS, STALL_MS, TOTAL_MS = 600, 400, 2500
SETTINGS = EdgeSettings(first_audio_ms=FIRST_MS, stall_ms=STALL_MS, total_ms=TOTAL_MS)
LONG_AGO = formatdate(1_000_000_000, usegmt=True)
GARBAGE = random.Random(5).randbytes(8000)


def every_other(words: list[Boundary]) -> list[Boundary]:
    return words[::2]


def backwards(words: list[Boundary]) -> list[Boundary]:
    return words[::-1]


def beyond_the_sound(words: list[Boundary]) -> list[Boundary]:
    return [replace(word, offset=word.offset + 2**40) for word in words]


NOTHING_SAID = {
    "403 with a wrong date": Behaviour(status=403, date=LONG_AGO),
    "403 once with a wrong date": Behaviour(status=403, refusals=1, date=LONG_AGO),
    "403 without end": Behaviour(status=403),
    "403 without a date": Behaviour(status=403, date="soon"),
    "429": Behaviour(status=429),
    "503": Behaviour(status=503),
    "a redirect to nowhere": Behaviour(status=302),
    "no sound": Behaviour(sound=False),
    "late": Behaviour(delay_s=30),
    "stalls at once": Behaviour(stop_at_byte=0),
    "stalls before a word is over": Behaviour(stop_at_byte=720),
    "garbage": Behaviour(garbage=lambda _: GARBAGE),
    "a page of HTML": Behaviour(garbage=lambda _: b"<html>no</html>" * 500),
    "silence instead of MP3": Behaviour(garbage=lambda _: bytes(8000)),
    "another text's sound": Behaviour(garbage=lambda data: data[:1440]),
    "a frame of 5 MB": Behaviour(garbage=lambda data: data * 200, piece_bytes=5_000_000),
    "an hour of sound": Behaviour(garbage=lambda data: data * 900, piece_bytes=1_000_000),
    "drips": Behaviour(piece_bytes=40, pause_s=0.2, words_first=False),
    "stalls, and tells no words": Behaviour(stop_at_byte=9000, words=lambda _: []),
    "stalls, words too late": Behaviour(stop_at_byte=9000, words_first=False),
    "stalls, words far off": Behaviour(stop_at_byte=9000, words=beyond_the_sound),
    "stalls, words backwards": Behaviour(stop_at_byte=15_000, words=backwards),
    "metadata that is no JSON": Behaviour(metadata="{"),
    "metadata of a new kind": Behaviour(metadata='{"Metadata": [{"Type": "Mood"}]}'),
    "metadata without times": Behaviour(
        metadata='{"Metadata": [{"Type": "WordBoundary", "Data": {"Offset": null}}]}'
    ),
}
PARTLY_SAID = {
    "stalls in mid-sentence": Behaviour(stop_at_byte=9000),
    "closes in mid-sentence": Behaviour(stop_at_byte=9000, at_stop="close"),
    "is cut off in mid-sentence": Behaviour(stop_at_byte=9000, at_stop="abort"),
    "garbage in mid-sentence": Behaviour(stop_at_byte=9000, at_stop="garbage"),
    "stalls, words missing": Behaviour(stop_at_byte=9000, words=every_other),
}
SAID = {
    "well": Behaviour(),
    "words after the sound": Behaviour(words_first=False),
    "no words": Behaviour(words=lambda _: []),
    "sentences instead of words": Behaviour(metadata_type="SentenceBoundary"),
    "words missing": Behaviour(words=every_other),
    "words backwards": Behaviour(words=backwards),
    "words far off": Behaviour(words=beyond_the_sound),
    "one big frame": Behaviour(piece_bytes=1_000_000),
    "small frames": Behaviour(piece_bytes=97),
    "a clock that is a day ahead": Behaviour(clock_s=86_400),
    "403 once": Behaviour(status=403, refusals=1),
    "stalls after the last word": Behaviour(stop_at_byte=19_000),
}


@pytest.fixture
def edge(server: EdgeServer) -> Iterator[EdgeVoice]:
    voice = EdgeVoice(reader=READER, settings=SETTINGS, endpoint=server.url)
    voice.warm_up()
    yield voice
    voice.close()


def said_by_two(first: EdgeVoice, second: Voice) -> tuple[list[str], list[str], str]:
    """What each of two voices says of `TEXT`, as the chain does it; and why the first stopped."""
    texts, sound, why = [], [], ""
    try:
        for chunk in first.stream(TEXT):
            texts.append(chunk.text)
            sound.append(chunk.pcm)
    except VoiceError as error:
        why = str(error)
    rest = TEXT[len("".join(texts)) :]
    if why:
        assert len(second.render(rest)) > 0
    assert_sound_holds(np.concatenate([np.zeros(0, np.int16), *sound]), "".join(texts))
    return texts, [rest] if rest else [], why


def assert_sound_holds(pcm: np.ndarray, text: str) -> None:
    """The characters heard are those of `text`, from the first to the last and no half one."""
    count = len(heard(READER.read(text)))
    whole = list(heard_characters(pcm, LEAD_S + CODEC_DELAY_S))
    assert whole == [n % 20 for n in range(count)]
    if text != TEXT:
        most_s = LEAD_S + CODEC_DELAY_S + count * CHARACTER_S if text else 0.0
        assert len(pcm) <= most_s * RATE + 1


@pytest.mark.parametrize("case", SAID)
def test_what_the_service_says_well_is_said_by_it_alone(
    case: str, server: EdgeServer, edge: EdgeVoice
) -> None:
    server.behaviour = SAID[case]
    texts, rest, why = said_by_two(edge, ToneVoice())
    assert ("".join(texts), rest, why) == (TEXT, [], "")


@pytest.mark.parametrize("case", NOTHING_SAID)
def test_the_second_voice_says_it_all_when_the_first_said_nothing(
    case: str, server: EdgeServer, edge: EdgeVoice
) -> None:
    server.behaviour = NOTHING_SAID[case]
    began_s = time.monotonic()
    texts, rest, why = said_by_two(edge, ToneVoice())
    assert time.monotonic() - began_s < TOTAL_MS / 1000 + 2
    assert (texts, rest) == ([], [TEXT])
    assert why.startswith("voice zh-CN-XiaoxiaoNeural: ") and "\n" not in why
    assert "重启" not in why and "Sec-MS-GEC" not in why
    assert len(server.handshakes) <= 2  # no storm of retries


@pytest.mark.parametrize("case", PARTLY_SAID)
def test_the_second_voice_goes_on_after_the_last_whole_word(
    case: str, server: EdgeServer, edge: EdgeVoice
) -> None:
    server.behaviour = PARTLY_SAID[case]
    texts, rest, why = said_by_two(edge, ToneVoice())
    assert why
    assert texts and all(texts)
    assert "".join(texts + rest) == TEXT
    assert rest and rest[0] != TEXT
    assert "YL5280G3" in "".join(texts) or "YL5280G3" in rest[0]  # a code is never torn


def test_without_a_network_the_second_voice_speaks_at_once() -> None:
    edge = EdgeVoice(reader=READER, settings=SETTINGS, endpoint="ws://voice.invalid/edge/v1?key=x")
    texts, rest, why = said_by_two(edge, ToneVoice())
    assert (texts, rest) == ([], [TEXT])
    assert "no address" in why or "no connection" in why or "in time" in why
    edge.close()


def test_a_server_that_is_not_there_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    edge = EdgeVoice(reader=READER, endpoint=f"ws://127.0.0.1:{port}/edge/v1?key=x")
    with pytest.raises(VoiceError, match="no connection to the service"):
        list(edge.stream(TEXT))
    edge.close()


def test_a_chain_lets_a_failing_service_rest(server: EdgeServer, edge: EdgeVoice) -> None:
    server.behaviour = Behaviour(status=503)
    chain = VoiceChain((edge, second := ToneVoice("second")))
    for _ in range(6):
        assert chain.speak(TEXT).voice == "second"
    assert second.rendered == [TEXT] * 6
    assert server.handshakes == [503] * 3


@pytest.mark.peer
def test_espeak_goes_on_where_the_service_stopped(server: EdgeServer, edge: EdgeVoice) -> None:
    server.behaviour = PARTLY_SAID["closes in mid-sentence"]
    texts, rest, why = said_by_two(edge, EspeakVoice(reader=READER))
    assert "".join(texts + rest) == TEXT
    assert "closed the connection too early" in why
