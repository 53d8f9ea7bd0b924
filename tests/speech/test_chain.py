"""A second voice speaks when the first does not."""

from __future__ import annotations

import pytest

from tests.speech.fakes import ToneVoice
from voicebot.errors import VoiceError
from voicebot.speech.chain import Breaker, VoiceChain


class Clock:
    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_the_first_voice_speaks_and_is_named() -> None:
    chain = VoiceChain((ToneVoice("a"), ToneVoice("b")))
    spoken = chain.speak("您好")
    assert (spoken.voice, spoken.fingerprint, len(spoken.pcm)) == ("a", "a-1", 160)


def test_the_second_voice_speaks_when_the_first_fails() -> None:
    chain = VoiceChain((ToneVoice("a", failures=1), ToneVoice("b")))
    assert chain.speak("您好").voice == "b"
    assert chain.speak("您好").voice == "a"


def test_a_voice_has_its_deadline_and_the_last_one_none() -> None:
    first, last = ToneVoice("a", failures=9), ToneVoice("b")
    chain = VoiceChain((first, last), deadline_s=2.5)
    chain.speak("您好")
    chain.speak("您好", timeout_s=60.0)
    assert (first.timeouts_s, last.timeouts_s) == ([2.5, 60.0], [None, None])


def test_a_failing_voice_is_left_alone_and_then_tried_once() -> None:
    clock = Clock()
    first = ToneVoice("a", failures=4)
    chain = VoiceChain((first, ToneVoice("b")), clock=clock)
    for _ in range(6):
        assert chain.speak("您好").voice == "b"
    assert len(first.rendered) == 3
    clock.now_s = 31.0
    assert chain.speak("您好").voice == "b"  # the trial fails too
    clock.now_s = 60.0
    assert chain.speak("您好").voice == "b"
    assert len(first.rendered) == 4
    clock.now_s = 62.0
    assert chain.speak("您好").voice == "a"


def test_when_all_fail_the_error_says_why_each_did() -> None:
    chain = VoiceChain((ToneVoice("a", failures=1), ToneVoice("b", failures=1)))
    with pytest.raises(VoiceError, match="a: told to fail; b: told to fail"):
        chain.render("您好")


def test_an_open_breaker_gives_one_trial_when_its_rest_is_over() -> None:
    clock = Clock()
    breaker = Breaker(failures=1, rest_s=10.0, clock=clock)
    breaker.failed()
    assert not breaker.allows()
    clock.now_s = 10.0
    assert breaker.allows()
    assert not breaker.allows()


def test_an_empty_chain_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one voice"):
        VoiceChain(())
