"""A caller is told of the recording, and who wishes none is recorded no further."""

from __future__ import annotations

import pytest

from tests.session.fakes import EchoConversation, ScriptedRecognizer, audio, quiet, tone
from tests.session.rig import GREETING_MS, Rig, of
from voicebot.session import events as facts
from voicebot.session.opt_out import take_wish
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.scheduler import InferenceScheduler

DONE = "好的，接下来的通话不录音，您请继续。"


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("不要录音", ""),
        ("请不要录音，谢谢", "谢谢"),
        ("麻烦你们别给我录音了。", ""),
        ("我不同意录音", ""),
        ("别录我，硬盘黄灯亮了怎么办", "硬盘黄灯亮了怎么办"),
        ("我不希望被录音。我的服务器开不了机", "我的服务器开不了机"),
    ],
)
def test_the_wish_is_found_and_the_rest_is_kept(text: str, rest: str) -> None:
    assert take_wish(text) == (rest, True)


@pytest.mark.parametrize(
    "text",
    [
        "录音服务器开不了机，",
        "不要录音机的说明书",
        "你们有没有录音",
        "不能录音频文件",
        "硬盘亮黄灯。",
        "",
    ],
)
def test_talk_about_recordings_is_no_wish(text: str) -> None:
    assert take_wish(text) == (text, False)


def test_the_announcement_comes_before_the_greeting(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer([""]), announce="为提升服务质量，本次通话将被录音。")
    events = rig.run(audio(quiet(GREETING_MS + 2500)), scheduler, tail_ms=500)
    first, second = of(events, facts.BotSpoke)
    assert (first.text, first.kind) == ("为提升服务质量，本次通话将被录音。", "notice")
    assert second.text == EchoConversation.GREETING


@pytest.mark.parametrize("barge_in", [None, ContentBargeIn()], ids=["length", "content"])
def test_nobody_talks_the_announcement_down_or_is_not_heard_for_trying(
    scheduler: InferenceScheduler, barge_in: ContentBargeIn | None
) -> None:
    announcement = "为提升服务质量，本次通话将被录音。"
    rig = Rig(ScriptedRecognizer(["硬盘不亮"]), announce=announcement, content=barge_in)
    events = rig.run(audio(quiet(100), tone(3500)), scheduler)
    assert not any(announcement[-5:] in e.unheard for e in of(events, facts.BotInterrupted))
    (spoke,) = of(events, facts.CallerSpoke)
    assert spoke.text == "硬盘不亮"
    assert spoke.speech_end_ms - spoke.speech_start_ms == pytest.approx(3500, abs=100)
    assert rig.recognizer.heard_ms[-1] >= 3500
    assert of(events, facts.BotSpoke)[-1].text == "好的硬盘不亮"


def test_who_says_so_is_recorded_no_further_and_told_so(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer(["不要录音"]))
    events = rig.run(audio(quiet(GREETING_MS), tone(800)), scheduler)
    assert [e.by for e in of(events, facts.RecordingStopped)] == ["speech"]
    assert len(rig.recording_stopped) == 1
    said = of(events, facts.BotSpoke)
    assert [event.text for event in said] == [EchoConversation.GREETING, DONE]
    assert said[1].since_caller_ms is not None
    assert of(events, facts.CallerSpoke)[0].text == "不要录音"


def test_a_question_in_the_same_breath_is_answered(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer(["不要录音，硬盘不亮"]))
    events = rig.run(audio(quiet(GREETING_MS), tone(800)), scheduler)
    assert [event.text for event in of(events, facts.BotSpoke)][1:] == [DONE, "好的硬盘不亮"]
    assert len(rig.recording_stopped) == 1


def test_who_says_so_twice_is_told_twice_and_stopped_once(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer(["不要录音", "别录音"]))
    caller = audio(quiet(GREETING_MS), tone(800), quiet(3500), tone(800))
    events = rig.run(caller, scheduler)
    assert [event.text for event in of(events, facts.BotSpoke)][1:] == [DONE, DONE]
    assert len(of(events, facts.RecordingStopped)) == len(rig.recording_stopped) == 1


def test_a_key_does_the_same(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer([""]), digits=((GREETING_MS + 300, "9"),), opt_out_digit="9")
    events = rig.run(audio(quiet(GREETING_MS)), scheduler)
    assert [e.by for e in of(events, facts.RecordingStopped)] == ["digit"]
    assert [event.text for event in of(events, facts.BotSpoke)] == [EchoConversation.GREETING, DONE]


def test_without_the_setting_the_key_is_the_dialogs(scheduler: InferenceScheduler) -> None:
    rig = Rig(ScriptedRecognizer([""]), digits=((GREETING_MS + 300, "9"),))
    events = rig.run(audio(quiet(GREETING_MS)), scheduler)
    assert not of(events, facts.RecordingStopped) and not rig.recording_stopped
