"""Numbers dictated in whole calls: real session, real dialog, in virtual time."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from tests.server_pack import server_pack
from tests.session.fakes import ScriptedRecognizer, StreamingScript, ToneVoice, audio, quiet, tone
from tests.session.rig import Rig, of
from voicebot.dialog.dictation_state import DictationState, Phase
from voicebot.dialog.dictation_view import DictationView
from voicebot.dialog.events import Say, SayKind
from voicebot.dialog.policy import Dialog
from voicebot.dialog.scene_run import SceneRun
from voicebot.dialog.state import DialogState
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.session import events as facts
from voicebot.session.conversation import Conversation
from voicebot.session.dictating import Dictating, hide_caller, hide_figures, rest_of
from voicebot.session.talk import Talk
from voicebot.speech.reading import plain
from voicebot.speech.speaker import Speaker
from voicebot.turns.content_barge_in import ContentBargeIn
from voicebot.turns.scheduler import InferenceScheduler

PACK = server_pack()
SCENE = "service.repair_request"
GREETING_MS = 80 * len(PACK.prompts.get("greeting")) + 3000
ASKED_MS = 7000  # enough for any question of the scene to be heard


class FindsTheScene:
    """A search that knows one scene."""

    def search(self, query: str, k: int = 5, product: str = "") -> SearchResult:
        hit = Hit(SCENE, HitKind.SCENE, 1.0, "报修登记")
        return SearchResult(query, (), 0.0, scene=hit, scene_probability=0.9)


def call(
    scheduler: InferenceScheduler,
    *turns: tuple[str, int],
    digits: tuple[tuple[int, str], ...] = (),
    tail_ms: int = 9000,
    content: ContentBargeIn | None = None,
) -> tuple[list[Any], list[int]]:
    """A call whose caller says each text (700 ms of sound), silent for so long (ms) after it.

    Returns the facts, and when each text began on the recording.
    """
    rig = Rig(
        ScriptedRecognizer([text for text, _ in turns]),
        Conversation(Dialog(PACK, answer_risk=0.5), FindsTheScene(), scheduler),  # type: ignore[arg-type]
        dictations=DictationView(PACK),
        digits=digits,
        content=content,
    )
    parts: list[npt.NDArray[np.int16]] = [quiet(GREETING_MS)]
    starts = []
    for _, silence_ms in turns:
        starts.append(sum(len(part) for part in parts) // 8)
        parts += [tone(700), quiet(silence_ms)]
    return rig.run(audio(*parts), scheduler, tail_ms=tail_ms), starts


def bot_texts(events: list[Any]) -> list[str]:
    return [event.text for event in of(events, facts.BotSpoke)][1:]


def test_groups_are_taken_down_in_silence_read_back_and_agreed_upon(
    scheduler: InferenceScheduler,
) -> None:
    events, _ = call(
        scheduler,
        ("我要报修", ASKED_MS),
        ("YL二零九五", 1500),
        ("三七零八", 1500),
        ("五六", 9000),
        ("对", 3000),
    )
    ask, read_back, part = bot_texts(events)[:3]
    assert "序列号" in ask and "部件" in part
    assert "Y L；二 零 九 五；三 七 零 八；五 六" in read_back
    (number,) = of(events, facts.NumberDictated)
    assert (number.label, number.value) == ("序列号", "YL2095370856")
    assert not of(events, facts.Trouble)


def test_the_ears_are_told_once_figures_are_asked_for(scheduler: InferenceScheduler) -> None:
    ears = StreamingScript("我要报修", "我要报修")
    rig = Rig(
        ears,
        Conversation(Dialog(PACK, answer_risk=0.5), FindsTheScene(), scheduler),  # type: ignore[arg-type]
        dictations=DictationView(PACK),
    )
    rig.run(audio(quiet(GREETING_MS), tone(700), quiet(ASKED_MS), tone(700), quiet(900)), scheduler)
    assert [stream.figures for stream in ears.streams] == [False, True]


def test_who_dictates_over_the_question_is_listened_to_at_once(
    scheduler: InferenceScheduler,
) -> None:
    """However late the ears are, the figures are not lost to the question."""
    events, _ = call(
        scheduler,
        ("我要报修", 2200),
        ("YL二零九五三七零八五六", 9000),
        ("对", 3000),
        content=ContentBargeIn(),
    )
    (cut,) = of(events, facts.BotInterrupted)
    assert "念完说好了" in cut.unheard and cut.stopped_after_ms <= 200
    (number,) = of(events, facts.NumberDictated)
    assert number.value == "YL2095370856"


def test_a_long_silence_ends_a_number_and_says_what_is_missing(
    scheduler: InferenceScheduler,
) -> None:
    events, _ = call(scheduler, ("我要报修", ASKED_MS), ("YL二零九五", 1000), tail_ms=7000)
    assert bot_texts(events)[1:2] == ["还差6位，请接着念。"]
    assert not of(events, facts.NumberDictated)


def test_no_over_the_reading_means_the_group_just_read(scheduler: InferenceScheduler) -> None:
    said = (("我要报修", ASKED_MS), ("YL，二零九五，三七幺八，五六", 1000))
    events, _ = call(scheduler, *said)
    read = of(events, facts.BotSpoke)[-1]
    assert read.kind == "read_back"
    # The wrong group is the third; the caller says so when it has just been read.
    clauses = Speaker(ToneVoice()).clauses(read.text)
    before = next(nth for nth, clause in enumerate(clauses) if clause.text.startswith("五"))
    lead_ms = sum(80 * len(clause.text) + clause.pause_ms for clause in clauses[:before])
    from_end_ms = read.at_ms + lead_ms - (GREETING_MS + ASKED_MS + 2 * 700)
    events, _ = call(
        scheduler, said[0], (said[1][0], from_end_ms), ("不对，三七零八", 9000), ("对", 1000)
    )
    texts = bot_texts(events)
    (cut,) = of(events, facts.BotInterrupted)
    assert "五" in cut.unheard
    assert texts[2].startswith("改好了，三 七 零 八；五 六"), texts
    (number,) = of(events, facts.NumberDictated)
    assert number.value == "YL2095370856"


def test_keys_go_on_where_the_voice_stopped(scheduler: InferenceScheduler) -> None:
    first_key_ms = GREETING_MS + 2 * 700 + ASKED_MS + 1500
    digits = tuple((first_key_ms + 200 * nth, key) for nth, key in enumerate("370856"))
    agreed_ms = first_key_ms + 12_000
    events, _ = call(
        scheduler,
        ("我要报修", ASKED_MS),
        ("YL二零九五", 1000),
        digits=(*digits, (agreed_ms, "#")),
        tail_ms=18_000,
    )
    (number,) = of(events, facts.NumberDictated)
    assert number.value == "YL2095370856"


def test_a_hash_typed_before_the_reading_back_agrees_to_nothing(
    scheduler: InferenceScheduler,
) -> None:
    first_key_ms = GREETING_MS + 700 + ASKED_MS
    digits = tuple((first_key_ms + 100 * nth, key) for nth, key in enumerate("2095370856##"))
    events, _ = call(scheduler, ("我要报修", 1000), digits=digits, tail_ms=22_000)
    assert not of(events, facts.NumberDictated)
    assert "Y L；二 零 九 五" in bot_texts(events)[-1] or "对" in bot_texts(events)[-1]


def test_nothing_of_a_telephone_number_is_told(scheduler: InferenceScheduler) -> None:
    number = "13800138000"
    first_key_ms = GREETING_MS + 7 * 700 + 3 * ASKED_MS + 14_000
    events, _ = call(
        scheduler,
        ("我要报修", ASKED_MS),
        ("YL二零九五三七零八五六", 9000),
        ("对", ASKED_MS),
        ("硬盘", ASKED_MS),
        ("幺三八零零幺三", 1000),
        ("八零零零", 9000),
        ("对", 4000),
        digits=((first_key_ms + 30_000, "1"),),
    )
    told = of(events, facts.NumberDictated)
    assert [each.value for each in told] == ["YL2095370856", "138******00"]
    spoken = "幺三八零零幺三八零零零"
    for event in events:
        shown = "".join(char for char in str(event) if char.isalnum())
        assert number not in shown
        assert spoken[:7] not in shown and spoken[-4:] not in shown, event


def test_nothing_is_told_of_a_telephone_number_corrected_while_another_thing_is_asked() -> None:
    scene = next(s for s in PACK.scenes if any(slot.personal for slot in s.slots))
    phone = next(slot for slot in scene.slots if slot.personal)
    other = next(slot for slot in scene.slots if slot.dictated and not slot.personal)
    agreed = DictationState(("138", "0013", "8000"), phase=Phase.DONE)
    asking = SceneRun(scene.id, asking=other.id, dictations={phone.id: agreed})
    talk = Talk(None, DialogState(), lambda event: None)  # type: ignore[arg-type]
    dictating = Dictating(talk, None, None, DictationView(PACK))  # type: ignore[arg-type]
    talk.state = DialogState(scene=asking)

    def told(text: str, other: str) -> facts.CallerSpoke:
        event = facts.CallerSpoke(0, text, 0.9, 0, 900, alternatives=(other,), raw_text=text)
        shown = dictating.shown(event)
        assert isinstance(shown, facts.CallerSpoke)
        return shown

    corrected = told("电话第二组错了，是零零五六", "电话第二组错了零零五留")
    assert "零" not in str(corrected) and "五" not in str(corrected)
    serial = told("YL二零九五", "YL二零九")
    assert serial.text == "YL二零九五", "what is asked now is nobody's secret"


def test_what_is_left_of_a_reading_back_holds_the_groups_that_are_left() -> None:
    """Or 不对 to the rest would mean another group than the one just read."""
    groups = ("二 零", "五 六", "二 零")
    say = Say(
        "我重复一遍，二 零；五 六；二 零。对吗？", SayKind.READ_BACK, groups=groups, first_group=1
    )
    assert rest_of(say, say.text) == say
    assert plain(rest_of(say, "2、电源；3、其他。").text) == "2、电源；3、其他。"  # no list marks
    rest = rest_of(say, "五 六；二 零。对吗？")
    assert (rest.text, rest.groups, rest.first_group) == ("五 六；二 零。对吗？", groups[1:], 2)
    assert (rest_of(say, "二 零。对吗？").groups, rest_of(say, "对吗？").groups) == (groups[2:], ())


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        ("幺三八零零幺三", "*******"),
        ("我的电话是138 0013 8000", "******** **** ****"),
        ("我重复一遍，幺 三 八；零 零 幺 三。对吗？", "我重复一遍，* * *；* * * *。对吗？"),
        ("第二组，请您再说一遍。", "第二组，请您再说一遍。"),
        ("电话不对，是零零五留", "电话不对，*****"),
        ("电话的第二段是五八", "电话的第二段是**"),
        ("不是这个", "不是这个"),
    ],
)
def test_figures_are_hidden_and_words_are_not(text: str, hidden: str) -> None:
    shown = hide_figures(text) if "重复" in text or "组" in text else hide_caller(text)
    assert shown == hidden
