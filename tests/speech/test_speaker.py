"""What the session asks of a speaker."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.speech.fakes import ToneVoice
from tests.speech.streaming_fakes import ChunkVoice
from voicebot.errors import VoiceError
from voicebot.speech.api import Clause
from voicebot.speech.cache import SpeechCache
from voicebot.speech.chain import Utterance, VoiceChain
from voicebot.speech.speaker import Speaker


def test_a_clause_is_rendered_once_and_then_at_hand(tmp_path: Path) -> None:
    voice = ToneVoice()
    speaker = Speaker(voice, SpeechCache(tmp_path))
    (clause,) = speaker.clauses("好的。")
    assert speaker.cached(clause) is None
    pcm = speaker.render(clause)
    at_hand = speaker.cached(clause)
    assert at_hand is not None and at_hand.tolist() == pcm.tolist()
    speaker.render(clause)
    assert voice.rendered == ["好的。"]


def test_without_a_cache_it_renders_every_time() -> None:
    voice = ToneVoice()
    speaker = Speaker(voice)
    (clause,) = speaker.clauses("好的。")
    speaker.render(clause)
    speaker.render(clause)
    assert speaker.cached(clause) is None
    assert len(voice.rendered) == 2


def test_what_the_second_voice_said_is_not_kept_as_the_firsts(tmp_path: Path) -> None:
    first = ToneVoice("a", failures=1)
    speaker = Speaker(VoiceChain((first, ToneVoice("b"))), SpeechCache(tmp_path))
    (clause,) = speaker.clauses("好的。")
    speaker.render(clause)
    assert speaker.cached(clause) is None
    speaker.render(clause)
    assert first.rendered == ["好的。", "好的。"]
    assert speaker.cached(clause) is not None


def test_threads_that_want_the_same_clause_render_it_once(tmp_path: Path) -> None:
    voice = ToneVoice()
    speaker = Speaker(voice, SpeechCache(tmp_path))
    (clause,) = speaker.clauses("好的。")
    threads = [threading.Thread(target=speaker.render, args=(clause,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert voice.rendered == ["好的。"]


def test_prepare_renders_what_is_new_and_reports(tmp_path: Path) -> None:
    voice = ToneVoice()
    speaker = Speaker(voice, SpeechCache(tmp_path))
    seen: list[tuple[int, int]] = []
    texts = ["您好，请讲。", "好的。", "您好，请讲。"]
    assert speaker.prepare(texts, lambda done, total: seen.append((done, total))) == 3
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert speaker.prepare(texts) == 0
    assert voice.rendered == ["您好，", "请讲。", "好的。"]


def test_terms_are_kept_whole() -> None:
    term = "云岚管理口初始密码恢复向导"
    speaker = Speaker(ToneVoice(), terms=[term])
    clauses = speaker.clauses("请您现在就打开" + term + "再往下一步一步操作")
    assert any(term in clause.text for clause in clauses)


def test_a_clause_that_is_streamed_is_kept_and_then_at_hand(tmp_path: Path) -> None:
    voice = ChunkVoice("a", ("好的，", "我查一下"))
    cache = SpeechCache(tmp_path)
    speaker = Speaker(VoiceChain((voice, ToneVoice("b"))), cache)
    clause = Clause("好的，我查一下", 0, 0)
    live = list(speaker.stream(clause))
    assert [piece.text for piece in live] == ["好的，", "我查一下", ""]
    kept = cache.get("a-1", clause.text)
    assert kept is not None and live[-1].whole is not None
    assert kept.tolist() == live[-1].whole.tolist()
    (again,) = speaker.stream(clause)
    assert again.text == clause.text and again.pcm.tolist() == kept.tolist()
    assert voice.spoken == [clause.text]


def test_what_two_voices_said_or_was_stopped_is_not_kept(tmp_path: Path) -> None:
    words = ("好的，", "我查一下")
    cache = SpeechCache(tmp_path)
    speaker = Speaker(VoiceChain((ChunkVoice("a", words, break_after=1), ToneVoice("b"))), cache)
    clause = Clause("".join(words), 0, 0)
    assert [piece.voice for piece in speaker.stream(clause) if piece.text] == ["a", "b"]
    stop = threading.Event()
    speaker = Speaker(ChunkVoice("a", words), cache)
    for _ in speaker.stream(clause, stop=stop):
        stop.set()
    assert cache.get("a-1", clause.text) is None and cache.get("b-1", clause.text) is None


def test_an_utterance_in_another_voice_is_not_led_back_by_what_is_at_hand(tmp_path: Path) -> None:
    second = ChunkVoice("b")
    speaker = Speaker(VoiceChain((ChunkVoice("a"), second)), SpeechCache(tmp_path))
    clause = Clause("好的。", 0, 0)
    speaker.render(clause)
    changed = Utterance(voice=1)
    assert speaker.cached(clause) is not None and speaker.cached(clause, changed) is None
    assert [piece.voice for piece in speaker.stream(clause, utterance=changed)] == ["b"]


def test_threads_that_stream_the_same_clause_make_it_once(tmp_path: Path) -> None:
    voice = ChunkVoice("a")
    speaker = Speaker(voice, SpeechCache(tmp_path))
    heard: list[str] = []

    def listen() -> None:
        heard.append("".join(piece.text for piece in speaker.stream(Clause("好的。", 0, 0))))

    threads = [threading.Thread(target=listen) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert voice.spoken == ["好的。"] and heard == ["好的。"] * 8


def test_who_waits_for_another_to_make_a_clause_can_be_stopped(tmp_path: Path) -> None:
    voice = ChunkVoice("a", ("好的，", "我查一下"))
    speaker = Speaker(voice, SpeechCache(tmp_path))
    clause = Clause("好的，我查一下", 0, 0)
    first = speaker.stream(clause)
    next(first)
    stop = threading.Event()
    waiting = threading.Thread(target=lambda: list(speaker.stream(clause, stop=stop)))
    waiting.start()
    stop.set()
    waiting.join(5)
    assert not waiting.is_alive() and voice.spoken == [clause.text]
    assert "".join(piece.text for piece in first) == "我查一下"


def test_what_is_prepared_is_in_the_first_voice_or_not_at_all(tmp_path: Path) -> None:
    first, second = ToneVoice("a", failures=5), ToneVoice("b")
    speaker = Speaker(VoiceChain((first, second)), SpeechCache(tmp_path))
    clause = Clause("好的。", 0, 0)
    for _ in range(5):
        with pytest.raises(VoiceError, match="a: told to fail"):
            speaker.prepare_clause(clause)
    assert second.rendered == []
    assert [piece.voice for piece in speaker.stream(clause)] == ["a"], "callers were told nothing"


def test_while_the_first_voice_is_out_what_the_second_has_said_is_at_hand(tmp_path: Path) -> None:
    first, second = ToneVoice("a", failures=99), ToneVoice("b")
    speaker = Speaker(VoiceChain((first, second)), SpeechCache(tmp_path))
    clause = Clause("好的。", 0, 0)
    assert speaker.prepare_clause(clause, voice=1)
    for _ in range(3):  # then it rests
        assert speaker.cached(clause) is None
        assert [(piece.voice, piece.kept) for piece in speaker.stream(clause)] == [("b", True)]
    utterance = Utterance()
    assert speaker.cached(clause) is not None and speaker.cached(clause, utterance) is not None
    assert utterance.voice == 1
    assert second.rendered == ["好的。"] and len(first.rendered) == 3
    other = Clause("您好。", 0, 0)
    cache = SpeechCache(tmp_path)
    cache.put("a-1", other.text, second.render("您好。"))
    utterance = Utterance()
    assert speaker.cached(other, utterance) is not None and utterance.voice == 0


def preparing(speaker: Speaker, clause: Clause) -> tuple[threading.Thread, list[str]]:
    """A thread that prepares a clause, and what it failed of."""
    errors: list[str] = []

    def work() -> None:
        try:
            speaker.prepare_clause(clause)
        except VoiceError as error:
            errors.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    return thread, errors


def test_a_caller_does_not_wait_for_what_is_prepared_in_no_hurry(tmp_path: Path) -> None:
    voice = ChunkVoice("a", break_after=0, how="hang")
    speaker = Speaker(VoiceChain((voice, ToneVoice("b")), deadline_s=0.1), SpeechCache(tmp_path))
    clause = Clause("好的。", 0, 0)
    thread, errors = preparing(speaker, clause)
    poll_until(lambda: voice.spoken == [clause.text])
    started_s = time.monotonic()
    assert [piece.voice for piece in speaker.stream(clause)] == ["b"]
    assert time.monotonic() - started_s < 10
    assert thread.is_alive() and not errors
    speaker.close()
    thread.join(5)


def test_closing_ends_what_is_being_prepared_and_what_waits_for_it(tmp_path: Path) -> None:
    voice = ChunkVoice("a", break_after=0, how="hang")
    clause = Clause("好的。", 0, 0)
    speakers = [Speaker(voice, SpeechCache(tmp_path)) for _ in range(2)]  # as two processes
    first, errors = preparing(speakers[0], clause)
    poll_until(lambda: voice.spoken == [clause.text])
    second, more = preparing(speakers[1], clause)
    for speaker in reversed(speakers):
        speaker.close()
    for thread in (first, second):
        thread.join(5)
        assert not thread.is_alive()
    assert errors and more and "stopped" in errors[0] + more[0]
    assert voice.stopped.wait(5)


def poll_until(done: Callable[[], bool]) -> None:
    until_s = time.monotonic() + 10
    while not done():
        assert time.monotonic() < until_s
        time.sleep(0.01)
