"""A sentence that one voice began and another one ends: every word once, and no click between."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
import structlog

from tests.speech.fakes import ToneVoice
from tests.speech.streaming_fakes import CHARACTER_MS, MS, ChunkVoice
from voicebot.errors import VoiceError
from voicebot.speech.api import Pcm
from voicebot.speech.chain import Spoken, Utterance, VoiceChain, join

WORDS = ("请先看，", "前面的", "电源灯", "亮不亮。")
TEXT = "".join(WORDS)


def texts(said: list[Spoken]) -> list[tuple[str, str]]:
    """(voice, text) of all pieces that complete any."""
    return [(piece.voice, piece.text) for piece in said if piece.text]


def heard(said: list[Spoken]) -> Pcm:
    return np.concatenate([piece.pcm for piece in said])


def pitches(pcm: Pcm) -> list[float]:
    """The strongest frequency of each 100 ms."""
    size = 100 * MS
    spectra = np.abs(np.fft.rfft(pcm[: len(pcm) // size * size].reshape(-1, size), axis=1))
    return [float(index * 10) for index in spectra.argmax(axis=1)]


def test_a_voice_is_heard_as_it_speaks() -> None:
    voice = ChunkVoice("a", WORDS)
    stream = VoiceChain((voice, ToneVoice("b"))).stream(TEXT)
    first = next(stream)
    assert first.text == "请先看，" and len(first.pcm)
    rest = list(stream)
    assert texts([first, *rest]) == [("a", word) for word in WORDS]
    assert rest[-1].whole is not None
    assert len(heard([first, *rest])) == pytest.approx(12 * CHARACTER_MS * MS, abs=MS)


@pytest.mark.parametrize("how", ["error", "odd", "hang"])
@pytest.mark.parametrize("after", [0, 1, 3])
def test_where_one_voice_breaks_off_the_next_goes_on(how: str, after: int) -> None:
    first = ChunkVoice("a", WORDS, break_after=after, how=how, hz=250)
    second = ChunkVoice("b", hz=500)
    chain = VoiceChain((first, second), deadline_s=0.2, stall_s=0.2)
    said = list(chain.stream(TEXT))
    left = "".join(WORDS[after:])
    assert second.spoken == [left], "not a word twice, not a word lost"
    assert texts(said) == [*(("a", word) for word in WORDS[:after]), ("b", left)]
    if after:
        assert {250.0, 500.0} == set(pitches(heard(said)))
        assert said[-1].whole is None, "two voices made it: nothing to keep"
    if how == "hang":
        assert first.stopped.wait(2), "nobody waits for it: it is told to stop"


def test_the_seam_between_two_voices_does_not_click() -> None:
    first = ChunkVoice("a", WORDS, break_after=2, hz=250)
    said = list(VoiceChain((first, ChunkVoice("b", hz=250))).stream(TEXT))
    pcm = heard(said).astype(int)
    steady = max(np.abs(np.diff(part)).max() for part in (pcm[400:1200], pcm[-1200:-400]))
    assert np.abs(np.diff(pcm)).max() <= 1.2 * steady


def test_no_sound_is_given_out_whose_words_another_voice_would_say_again() -> None:
    """A voice that tells its words, but not yet: what it says waits for them."""
    first = ChunkVoice("a", WORDS, break_after=3, knows_words=False)
    first.tells_words = True
    second = ChunkVoice("b")
    assert texts(list(VoiceChain((first, second)).stream(TEXT))) == [("b", TEXT)]


def test_a_voice_that_tells_its_words_at_the_end_is_heard_at_once_and_else_begun_anew() -> None:
    first = ChunkVoice("a", WORDS, knows_words=False)
    chain = VoiceChain((first, ChunkVoice("b")))
    said = list(chain.stream(TEXT))
    assert len(said) > 1 and len(said[0].pcm) and texts(said) == [("a", TEXT)]
    first.break_after = 3
    said = list(chain.stream(TEXT))
    assert said[0].voice == "a" and texts(said) == [("b", TEXT)], "its text counts once"


def test_a_sentence_never_changes_voice_before_or_in_a_number() -> None:
    """What a number is, is told by what comes before it."""
    words = ("工单号是", "2026", "1122。")
    for after in (1, 2):
        second = ChunkVoice("b")
        chain = VoiceChain((ChunkVoice("a", words, break_after=after), second))
        assert texts(list(chain.stream("".join(words)))) == [("b", "工单号是20261122。")]


def test_a_voice_that_leaves_marks_out_is_followed_all_the_same() -> None:
    second = ChunkVoice("b")
    chain = VoiceChain((ChunkVoice("a", WORDS, break_after=2, marks=False), second))
    assert "".join(piece.text for piece in chain.stream(TEXT)) == TEXT
    assert second.spoken == ["电源灯亮不亮。"]


def test_a_voice_that_fails_after_its_last_word_has_said_it_all() -> None:
    first = ChunkVoice("a", (*WORDS[:3], "亮不亮", "。"), break_after=4)
    second = ChunkVoice("b")
    said = list(VoiceChain((first, second)).stream(TEXT))
    assert second.spoken == []
    assert "".join(piece.text for piece in said) == TEXT


def test_stop_ends_the_clause_and_is_no_failure() -> None:
    voice = ChunkVoice("a", WORDS, break_after=1, how="hang")
    second = ChunkVoice("b")
    chain = VoiceChain((voice, second))
    for _ in range(4):
        stop = threading.Event()
        stream = chain.stream(TEXT, stop=stop)
        assert next(stream).text == WORDS[0]
        stop.set()
        assert list(stream) == []
        assert voice.stopped.wait(2)
    assert second.spoken == [], "it still has its turn first"


def test_an_utterance_that_changed_voice_stays_in_it() -> None:
    first, second = ChunkVoice("a", WORDS, break_after=1), ChunkVoice("b")
    chain = VoiceChain((first, second))
    utterance = Utterance()
    assert texts(list(chain.stream(TEXT, utterance=utterance)))[-1][0] == "b"
    first.break_after = None
    assert texts(list(chain.stream("再看风扇。", utterance=utterance))) == [("b", "再看风扇。")]
    assert utterance.voice == 1
    assert texts(list(chain.stream("好的。", utterance=Utterance()))) == [("a", "好的。")]


def test_rather_a_voice_left_behind_than_none() -> None:
    chain = VoiceChain((ChunkVoice("a"), ChunkVoice("b", break_after=0)))
    assert texts(list(chain.stream(TEXT, utterance=Utterance(voice=1)))) == [("a", TEXT)]


def test_when_the_last_voice_breaks_off_the_error_comes_after_what_was_said() -> None:
    chain = VoiceChain((ChunkVoice("a", WORDS, break_after=2),))
    stream = chain.stream(TEXT)
    with pytest.raises(VoiceError, match="a: told to fail"):
        said = [next(stream) for _ in range(9)]
        assert said


def test_a_hanging_voice_costs_no_more_than_its_deadline() -> None:
    chain = VoiceChain(
        (ChunkVoice("a", break_after=0, how="hang"), ChunkVoice("b")), deadline_s=0.2
    )
    started_s = time.monotonic()
    list(chain.stream(TEXT))
    assert time.monotonic() - started_s < 5


def test_a_join_is_the_whole_clause_levelled_as_one() -> None:
    chain = VoiceChain((ChunkVoice("a", WORDS), ToneVoice("b")))
    said = list(chain.stream(TEXT))
    whole = join(said)
    assert whole.text == TEXT and whole.fingerprint == "a-1"
    assert whole.pcm.tolist() == chain.render(TEXT).tolist()
    mixed = VoiceChain((ChunkVoice("a", WORDS, break_after=2), ChunkVoice("b"))).speak(TEXT)
    assert (mixed.voice, mixed.fingerprint, mixed.text) == ("a > b", "", TEXT)


def test_a_failure_is_logged_once_and_not_what_was_to_be_said() -> None:
    chain = VoiceChain((ChunkVoice("a", WORDS, break_after=2), ChunkVoice("b")))
    with structlog.testing.capture_logs() as logged:
        for _ in range(5):
            list(chain.stream(TEXT))
    assert [entry["event"] for entry in logged] == ["voice failed"] * 3, "then it rests"
    assert [entry["rests_s"] > 0 for entry in logged] == [False, False, True]
    assert (logged[0]["said"], logged[0]["characters"]) == (len(WORDS[0] + WORDS[1]), len(TEXT))
    assert not any(word.strip("，。") in str(logged) for word in WORDS)


@pytest.mark.parametrize("after", [0, 1])
def test_a_last_voice_that_hangs_for_ever_ends(after: int) -> None:
    """Whatever it hangs in: it need not look at `stop`."""
    voice = ChunkVoice("a", ("好的，", "我查一下"), break_after=after, how="hang")
    chain = VoiceChain((voice,), last_s=0.2)
    with pytest.raises(VoiceError, match="nothing came for"):
        list(chain.stream("好的，我查一下"))
    assert voice.stopped.wait(5) and voice.timeouts_s == [None]
