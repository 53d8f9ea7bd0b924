"""The chain with the online voice in front: one sentence, whole, whoever ends it."""

from __future__ import annotations

import threading
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
from tests.speech.edge_sound import CHARACTER_S
from tests.speech.fakes import ToneVoice
from voicebot.speech.api import LINE_RATE
from voicebot.speech.chain import VoiceChain
from voicebot.speech.delivery import Spoken
from voicebot.speech.edge_words import heard
from voicebot.speech.espeak import EspeakVoice

EDGE = "zh-CN-XiaoxiaoNeural"


def texts_by_voice(said: list[Spoken]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for piece in said:
        texts[piece.voice] = texts.get(piece.voice, "") + piece.text
    return texts


def line_s(said: list[Spoken], voice: str) -> float:
    return sum(len(piece.pcm) for piece in said if piece.voice == voice) / LINE_RATE


@pytest.mark.parametrize("case", SAID)
def test_the_online_voice_alone_is_heard_when_it_does_well(
    case: str, server: EdgeServer, open_edge: Open
) -> None:
    server.behaviour = SAID[case]
    said = list(VoiceChain((open_edge(PATIENT), ToneVoice("second"))).stream(TEXT))
    assert texts_by_voice(said) == {EDGE: TEXT}
    count = len(heard(READER.read(TEXT)))
    assert line_s(said, EDGE) == pytest.approx(count * CHARACTER_S, abs=0.15)


@pytest.mark.parametrize("case", NOTHING_SAID)
def test_the_second_voice_alone_is_heard_when_it_said_nothing(
    case: str, server: EdgeServer, open_edge: Open
) -> None:
    server.behaviour = NOTHING_SAID[case]
    began_s = time.monotonic()
    said = list(VoiceChain((open_edge(HURRIED), ToneVoice("second"))).stream(TEXT))
    assert time.monotonic() - began_s < HURRIED.total_ms / 1000 + 2
    assert texts_by_voice(said) == {"second": TEXT}


@pytest.mark.parametrize("case", PARTLY_SAID)
def test_the_second_voice_ends_the_sentence_that_broke_off(
    case: str, server: EdgeServer, open_edge: Open
) -> None:
    server.behaviour = PARTLY_SAID[case]
    second = ToneVoice("second")
    said = list(VoiceChain((open_edge(STARTING), second)).stream(TEXT))
    texts = texts_by_voice(said)
    assert list(texts) == [EDGE, "second"] and texts[EDGE] + texts["second"] == TEXT
    assert second.rendered == [texts["second"]]
    count = len(heard(READER.read(texts[EDGE])))  # what is heard of it is what it says it said
    assert line_s(said, EDGE) == pytest.approx(count * CHARACTER_S, abs=0.15)


def test_a_cut_reaches_the_service(server: EdgeServer, open_edge: Open) -> None:
    server.behaviour = Behaviour(stop_at_byte=9000)
    stop = threading.Event()
    for piece in VoiceChain((open_edge(PATIENT), ToneVoice("second"))).stream(TEXT, stop=stop):
        assert piece.voice == EDGE
        stop.set()
    give_up_s = time.monotonic() + 10
    while server.asked[0].closed_after_s is None:
        assert time.monotonic() < give_up_s
        time.sleep(0.005)


@pytest.mark.peer
def test_espeak_ends_the_sentence_that_broke_off(server: EdgeServer, open_edge: Open) -> None:
    server.behaviour = PARTLY_SAID["closes in mid-sentence"]
    said = list(VoiceChain((open_edge(STARTING), EspeakVoice(reader=READER))).stream(TEXT))
    texts = texts_by_voice(said)
    assert list(texts) == [EDGE, "espeak"] and "".join(texts.values()) == TEXT
    assert line_s(said, EDGE) > 1.0 and line_s(said, "espeak") > 1.0
    assert all(np.abs(piece.pcm).max() > 100 for piece in said if len(piece.pcm) > 800)
