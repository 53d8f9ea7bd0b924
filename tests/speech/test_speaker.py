"""What the session asks of a speaker."""

from __future__ import annotations

import threading
from pathlib import Path

from tests.speech.fakes import ToneVoice
from voicebot.speech.cache import SpeechCache
from voicebot.speech.chain import VoiceChain
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
