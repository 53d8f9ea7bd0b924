"""The real Silero on telephone sounds: none of them is a caller."""

from __future__ import annotations

import itertools
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import sounds

from asr_models.resample import to_8k
from asr_models.silero import SileroVad
from asr_models.wav import read_wav
from voicebot.settings import TurnSettings
from voicebot.turns.echo import EchoEstimator
from voicebot.turns.events import BargeIn, NoInputElapsed, SpeechStarted, TurnEnded, TurnEvent
from voicebot.turns.turn_taker import TurnTaker
from voicebot.turns.vad import SpeechDetector
from voicebot.weights import locate

pytestmark = pytest.mark.weights

NON_SPEECH: dict[str, Callable[[], sounds.Float]] = {
    "white noise": lambda: sounds.white(20.0, -30.0),
    "pink noise": lambda: sounds.pink(20.0, -30.0),
    "50 Hz hum": lambda: sounds.hum(20.0, -25.0) + sounds.white(20.0, -65.0),
    "ringback 450 Hz 1 s on 4 s off": lambda: sounds.ringback(20.0, -15.0),
    "clicks": lambda: sounds.clicks(20.0, -3.0) + sounds.white(20.0, -65.0),
    "DTMF": lambda: sounds.dtmf(20.0, -12.0),
    "digital silence": lambda: sounds.white(20.0, -120.0),
}


@pytest.fixture(scope="session")
def silero(models: Path) -> SileroVad:
    return SileroVad(locate("silero-vad", models) / "silero_vad.onnx")


def line(samples: sounds.Float) -> list[bytes]:
    return list(sounds.frames(sounds.through_alaw(sounds.to_int16(samples))))


def events_of(
    received: sounds.Float, silero: SileroVad, sent: sounds.Float | None = None
) -> list[TurnEvent]:
    """Turn events of a call, the no-input timer's left out."""
    taker = TurnTaker(TurnSettings.model_validate({}), SpeechDetector(silero.fork()))
    echo = EchoEstimator()
    spoken: list[bytes | None] = list(line(sent)) if sent is not None else []
    events: list[TurnEvent] = []
    for heard, said in itertools.zip_longest(line(received), spoken):
        level = echo.feed(heard, said)
        events += taker.feed(heard, bot_speaking=said is not None, echo_level_db=level)
    return [event for event in events if not isinstance(event, NoInputElapsed)]


@pytest.mark.parametrize("name", NON_SPEECH)
def test_sounds_that_are_no_speech_begin_no_turn(name: str, silero: SileroVad) -> None:
    received = NON_SPEECH[name]()
    assert events_of(received, silero) == []
    assert events_of(received, silero, sent=np.zeros(len(received))) == []


@pytest.fixture(scope="session")
def sentence(tmp_path_factory: pytest.TempPathFactory) -> sounds.Float:
    """A Mandarin sentence spoken by espeak-ng, with a second of quiet around it."""
    path = tmp_path_factory.mktemp("espeak") / "sentence.wav"
    text = "wo3 de fu2wu4qi4 kai1 bu4 liao3 ji1"
    voice = ["-v", "cmn-latn-pinyin", "-s", "150"]
    subprocess.run(["espeak-ng", *voice, "-w", str(path), text], check=True)
    wav = read_wav(path)
    samples = to_8k(wav.mono(), wav.sample_rate).astype(np.float64) / 32768.0
    edge = np.zeros(sounds.RATE)
    return np.concatenate((edge, sounds.at_level(samples, -22.0), edge))


@pytest.mark.peer
def test_a_spoken_sentence_is_one_turn(sentence: sounds.Float, silero: SileroVad) -> None:
    received = sentence + sounds.pink(len(sentence) / sounds.RATE, -60.0)
    events = events_of(received, silero)
    assert isinstance(events[0], SpeechStarted)
    assert isinstance(events[-1], TurnEnded)
    assert sum(isinstance(event, TurnEnded) for event in events) == 1


@pytest.mark.peer
@pytest.mark.parametrize(("loss_db", "delay_ms"), [(6, 20), (12, 150), (20, 300), (30, 80)])
def test_the_bots_voice_coming_back_is_no_caller(
    loss_db: int, delay_ms: int, sentence: sounds.Float, silero: SileroVad
) -> None:
    sent = np.tile(sentence, 3)
    quiet = sounds.pink(len(sent) / sounds.RATE, -60.0)
    received = sounds.echo_of(sent, loss_db=loss_db, delay_ms=delay_ms) + quiet
    assert events_of(received, silero, sent) == []


@pytest.mark.peer
def test_a_caller_over_the_bot_stops_it(sentence: sounds.Float, silero: SileroVad) -> None:
    sent = sounds.babble_like(len(sentence) / sounds.RATE, -20.0)
    received = sentence + sounds.echo_of(sent, loss_db=25, delay_ms=100)
    stops = [e for e in events_of(received, silero, sent) if isinstance(e, BargeIn)]
    assert len(stops) == 1
    assert 1000 <= stops[0].at_ms <= 1600
