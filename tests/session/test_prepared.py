"""What is voiced before anybody calls, and in which order."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from tests.server_pack import server_pack
from tests.speech.fakes import ToneVoice
from voicebot.errors import VoiceError
from voicebot.knowledge.answer import extract
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.knowledge.ingest.tables import CELL_SEPARATOR
from voicebot.pack import Pack, Prompts
from voicebot.pack_prompts import OPTIONAL_PROMPTS
from voicebot.session.prepared import (
    coverage,
    first_texts,
    nothing,
    prepare_idly,
    prepare_speech,
    urgent_texts,
    wanted,
)
from voicebot.session.slot_values import filled_branches, filled_prompts
from voicebot.session.spoken_texts import SpokenTexts, document_texts, spoken_texts
from voicebot.speech.cache import SpeechCache
from voicebot.speech.chain import VoiceChain
from voicebot.speech.speaker import Speaker
from voicebot.speech.wording import Wording
from voicebot.turns.scheduler import InferenceScheduler

ROW = CELL_SEPARATOR.join(("机型: YS2200", "质保: 三年", "高度: 2U"))


@pytest.fixture(scope="module")
def pack() -> Pack:
    return server_pack()


def nobody_finds(query: str) -> SearchResult:
    return SearchResult(query, (), 0.0)


def passage(number: int, text: str) -> Hit:
    return Hit(f"p{number}", HitKind.PASSAGE, 0.0, text)


@pytest.mark.parametrize("prompts", [1, 2, 3])
def test_a_silent_caller_hears_prepared_prompts_as_often_as_set(pack: Pack, prompts: int) -> None:
    first = first_texts(spoken_texts(pack, no_input_prompts=prompts))
    said = pack.prompts.variants["no_input"]
    assert [text in first for text in said] == [number < prompts for number in range(len(said))]


def test_first_comes_what_no_call_can_do_without(pack: Pack) -> None:
    texts = spoken_texts(pack, no_input_prompts=2, announcement="本次通话将被录音。")
    assert texts.all[0] == "本次通话将被录音。"
    assert set(pack.prompts.variants["filler"]) <= set(texts.first)
    assert pack.prompts.get("greeting") in texts.first
    assert tuple(urgent_texts(texts))[: len(texts.first)] == texts.first
    assert nothing(texts) == ()


def test_a_start_grows_little_with_the_scenes_and_no_scene_is_left_behind(pack: Pack) -> None:
    few = spoken_texts(replace(pack, scenes=pack.scenes[:6]), no_input_prompts=2)
    many = spoken_texts(pack, no_input_prompts=2)
    assert first_texts(few) == first_texts(many)
    assert len(urgent_texts(many)) - len(urgent_texts(few)) <= len(pack.scenes) - 6
    asked = [[slot.asks[0] for slot in scene.slots if slot.asks] for scene in pack.scenes]
    begins = {first for first, *_ in asked}
    later = {text for _, *others in asked for text in others} - begins
    diagnoses = {branch.say for scene in pack.scenes for branch in scene.branches if branch.say}
    answers = {faq.answer for faq in pack.faq} & set(many.all)
    groups = [set(many.first), begins, later, diagnoses, answers]
    assert all(groups)
    places = [[many.all.index(text) for text in texts] for texts in groups]
    for sooner, after in itertools.pairwise(places):
        assert max(sooner) < min(after)


def test_prompts_of_our_own_are_prepared_where_a_pack_has_none(pack: Pack) -> None:
    bare = replace(pack, prompts=Prompts({**pack.prompts.variants, "thanks": ("甭客气。",)}))
    texts = spoken_texts(bare, no_input_prompts=2).all
    assert set(OPTIONAL_PROMPTS["did_it_help"]) <= set(texts)
    assert "甭客气。" in texts
    assert not set(OPTIONAL_PROMPTS["thanks"]) & set(texts)


def test_faq_answers_are_prepared_as_they_are_spoken(pack: Pack) -> None:
    texts = set(spoken_texts(pack, no_input_prompts=2).all)
    for faq in pack.faq:
        cut = extract(faq.question, Hit(faq.id, HitKind.FAQ, 1.0, faq.answer))
        assert {cut.spoken, *cut.rest} <= texts, faq.id


def test_an_answer_that_is_not_approved_is_not_prepared(pack: Pack) -> None:
    draft = replace(pack.faq[0], status="draft", answer="这一句还没有人审过。")
    texts = spoken_texts(replace(pack, faq=(draft,)), no_input_prompts=2)
    assert "这一句还没有人审过。" not in texts.all


def test_documents_are_prepared_as_they_are_quoted_within_the_bound(pack: Pack) -> None:
    passages = [
        passage(1, "先断电。等一分钟。再上电。"),
        passage(2, "电源灯是绿色。"),
        passage(3, ROW),
    ]
    everything = document_texts(pack, passages, nobody_finds, 1000)
    assert everything[:2] == ["先断电。等一分钟。", "电源灯是绿色。"]
    assert "再上电。" in everything
    asked = extract("YS2200的高度是多少", passages[2]).spoken
    assert asked in everything and "高度是2U" in asked
    assert sum(map(len, document_texts(pack, passages, nobody_finds, 20))) <= 20
    assert document_texts(pack, passages, nobody_finds, 0) == []


def test_no_more_passages_are_read_than_fit(pack: Pack) -> None:
    read: list[int] = []

    class Passages(list[Hit]):
        def __iter__(self) -> Iterator[Hit]:
            for number, hit in enumerate(super().__iter__()):
                read.append(number)
                yield hit

    def never(query: str) -> SearchResult:
        raise AssertionError("nothing is looked up")

    passages = Passages(passage(n, f"第{n}盏灯是绿色。") for n in range(10, 60))
    assert len(document_texts(pack, passages, nobody_finds, 20)) == 2
    assert len(read) == 3
    assert document_texts(pack, passages, never, 0) == []
    assert len(read) == 3


def test_what_a_diagnosis_looks_up_comes_first(pack: Pack) -> None:
    passages = [passage(1, "电源灯是绿色。"), passage(2, "风扇要成对更换。")]
    found = document_texts(pack, passages, lambda q: SearchResult(q, (passages[1],), 1.0), 1000)
    assert found[0] == "风扇要成对更换。"


def test_listed_values_are_filled_in_and_dictated_ones_are_not(pack: Pack) -> None:
    scenes = filled_prompts(pack, "您说的是{scene}，对吗？")
    assert set(scenes) == {f"您说的是{scene.name}，对吗？" for scene in pack.scenes}
    assert filled_prompts(pack, "我重复一遍，{groups}。") == ["我重复一遍，{groups}。"]
    assert "还差3位，请接着念。" in filled_prompts(pack, "还差{missing}位，请接着念。")
    models = [term.term for term in pack.lexicon if term.kind == "model"]
    assert all(any(model in text for text in filled_branches(pack)) for model in models)


def test_whichever_two_scenes_are_close_the_question_is_prepared(pack: Pack) -> None:
    texts = spoken_texts(pack, no_input_prompts=2).all
    wording = Wording(texts, [term.term for term in pack.lexicon])
    asking = pack.prompts.all("clarify_between")
    ready = {
        clause.text
        for text in texts
        if any(text.startswith(template.partition("{")[0]) for template in asking)
        for clause in wording.fixed(text)
    }
    for first, second in itertools.combinations(pack.scenes[::7], 2):
        for template in asking:
            said = template.replace("{first}", second.name).replace("{second}", first.name)
            assert {clause.text for clause in wording.clauses(said)} <= ready, said


def test_scenes_of_one_name_are_told_apart_by_their_product(pack: Pack) -> None:
    one, other = (replace(each, name="灯不亮") for each in pack.scenes[:2])
    alike = replace(pack, scenes=(replace(one, product="甲"), replace(other, product="乙")))
    found = filled_prompts(alike, "您说的是{first}，还是{second}？")
    assert "您说的是甲，还是乙？" in found


@pytest.fixture
def speaker(tmp_path: Path) -> Speaker:
    return Speaker(ToneVoice(), SpeechCache(tmp_path))


def test_coverage_tells_what_is_left(speaker: Speaker) -> None:
    texts = SpokenTexts(("您好。",), ("请讲。",), ("我重复一遍，{groups}。对吗？",))
    speaker.prepare(["您好。", "对吗？"])
    found = {each.group: (each.clauses, each.at_hand) for each in coverage(speaker, texts)}
    assert found["every call"] == (1, 1)
    assert found["most calls"] == (1, 0)
    assert found["other wording, FAQ"] == (2, 1)
    assert found["documents"] == (0, 0)


def test_it_is_prepared_while_nobody_calls_and_goes_on_after_a_failure(
    tmp_path: Path, scheduler: InferenceScheduler
) -> None:
    voice = ToneVoice(failures=1)
    speaker = Speaker(voice, SpeechCache(tmp_path))
    texts = SpokenTexts(("您好。",), ("请讲。",), ("再见。",))
    nobody_calls = asyncio.Event()
    rendered_in_call: list[int] = []

    async def idle() -> None:
        if len(voice.rendered) == 2:
            nobody_calls.clear()
            rendered_in_call.append(len(voice.rendered))
            asyncio.get_running_loop().call_soon(nobody_calls.set)
        await nobody_calls.wait()

    async def run() -> None:
        nobody_calls.set()
        await prepare_idly(texts, speaker, scheduler, idle, pause_s=0.01)

    asyncio.run(run())
    assert voice.rendered == ["您好。", "请讲。", "再见。", "您好。"], "what failed comes again"
    assert rendered_in_call == [2]
    clauses = [speaker.clauses(text)[0] for text in texts.all]
    assert [speaker.cached(clause) is not None for clause in clauses] == [True, True, True]


TEN = SpokenTexts(("您好。", "请讲。"), tuple(f"第{number}句。" for number in "一二三四五六七八"))


async def nobody_calls() -> None:
    pass


def test_a_voice_that_is_out_is_left_alone_and_tried_again_later(
    tmp_path: Path, scheduler: InferenceScheduler
) -> None:
    first, second = ToneVoice("a", failures=6), ToneVoice("b")
    speaker = Speaker(VoiceChain((first, second), online=True), SpeechCache(tmp_path))
    with structlog.testing.capture_logs() as logs:
        asyncio.run(prepare_idly(TEN, speaker, scheduler, nobody_calls, pause_s=0.01))
    assert len(first.rendered) == 10 + 6, "two rounds ended after three failures each"
    assert [(each["clauses"], each["again_s"]) for each in logs] == [(10, 0.01), (10, 0.02)]
    assert second.rendered == list(TEN.first), "what no call can do without, for the outage"
    assert wanted(speaker, TEN) == []


def test_only_an_online_voice_is_reckoned_to_be_out(tmp_path: Path) -> None:
    speaker = Speaker(VoiceChain((ToneVoice("a"), ToneVoice("b"))), SpeechCache(tmp_path))
    assert [voice for _, voice in wanted(speaker, TEN)] == [0] * 10


def test_a_start_without_the_first_voice_prepares_in_the_next(tmp_path: Path) -> None:
    first, second = ToneVoice("a", failures=99), ToneVoice("b")
    speaker = Speaker(VoiceChain((first, second), online=True), SpeechCache(tmp_path))
    prepare_speech(speaker, TEN.all, lambda what, state: None)
    assert len(first.rendered) < 6, "it is not asked for every text"
    assert sorted(second.rendered) == sorted(TEN.all)
    prepare_speech(speaker, TEN.all, lambda what, state: None)
    assert len(second.rendered) == 10, "once"
    broken = Speaker(ToneVoice("c", failures=99))
    with pytest.raises(VoiceError):
        prepare_speech(broken, TEN.all, lambda what, state: None)
