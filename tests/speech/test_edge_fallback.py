"""Whatever the online voice's service does, its sentence is said: once, whole, and in time."""

from __future__ import annotations

import socket
import time

import numpy as np
import pytest

from tests.speech.edge_cases import (
    HURRIED,
    NOTHING_SAID,
    PARTLY_SAID,
    PATIENT,
    READER,
    SAID,
    STARTING,
    TEXT,
    Open,
)
from tests.speech.edge_server import Behaviour, EdgeServer
from tests.speech.edge_sound import CHARACTER_S, LEAD_S, RATE, heard_characters
from tests.speech.fakes import ToneVoice
from voicebot.errors import VoiceError
from voicebot.speech.api import Voice
from voicebot.speech.chain import VoiceChain
from voicebot.speech.edge import EdgeVoice
from voicebot.speech.edge_audio import CODEC_DELAY_S
from voicebot.speech.edge_words import heard


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
    case: str, server: EdgeServer, open_edge: Open
) -> None:
    server.behaviour = SAID[case]
    texts, rest, why = said_by_two(open_edge(PATIENT), ToneVoice())
    assert ("".join(texts), rest, why) == (TEXT, [], "")


def test_silence_that_stalls_after_the_last_word_is_no_fault(
    server: EdgeServer, open_edge: Open
) -> None:
    server.behaviour = Behaviour(stop_at_byte=19_000)
    texts, rest, why = said_by_two(open_edge(STARTING), ToneVoice())
    assert ("".join(texts), rest, why) == (TEXT, [], "")


@pytest.mark.parametrize("case", NOTHING_SAID)
def test_the_second_voice_says_it_all_when_the_first_said_nothing(
    case: str, server: EdgeServer, open_edge: Open
) -> None:
    server.behaviour = NOTHING_SAID[case]
    began_s = time.monotonic()
    texts, rest, why = said_by_two(open_edge(HURRIED), ToneVoice())
    assert time.monotonic() - began_s < HURRIED.total_ms / 1000 + 2
    assert (texts, rest) == ([], [TEXT])
    assert why.startswith("voice zh-CN-XiaoxiaoNeural: ") and "\n" not in why
    assert "重启" not in why and "Sec-MS-GEC" not in why
    assert len(server.handshakes) <= 2  # no storm of retries


@pytest.mark.parametrize("case", PARTLY_SAID)
def test_the_second_voice_goes_on_after_the_last_whole_word(
    case: str, server: EdgeServer, open_edge: Open
) -> None:
    server.behaviour = PARTLY_SAID[case]
    texts, rest, why = said_by_two(open_edge(STARTING), ToneVoice())
    assert why
    assert texts and all(texts)
    assert "".join(texts + rest) == TEXT
    assert rest and rest[0] != TEXT
    assert "YL5280G3" in "".join(texts) or "YL5280G3" in rest[0]  # a code is never torn


def test_without_a_network_the_second_voice_speaks_at_once() -> None:
    edge = EdgeVoice(reader=READER, settings=PATIENT, endpoint="ws://voice.invalid/edge/v1?key=x")
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


def test_a_chain_lets_a_failing_service_rest(server: EdgeServer, open_edge: Open) -> None:
    server.behaviour = Behaviour(status=503)
    chain = VoiceChain((open_edge(PATIENT), second := ToneVoice("second")))
    for _ in range(6):
        assert chain.speak(TEXT).voice == "second"
    assert second.rendered == [TEXT] * 6
    assert server.handshakes == [503] * 3
