"""Similar questions: made by rule or model, kept only where the index leads to their own entry."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from voicebot.cli.pack import TEMPLATE
from voicebot.errors import PackError
from voicebot.knowledge.knowledge import Knowledge
from voicebot.language.api import Cancelled, Draft, FewShot, Late, never, unheard
from voicebot.pack import Term
from voicebot.pack_loader import load_pack
from voicebot.records import Records
from voicebot.workshop.drafts import DraftKind, Origin
from voicebot.workshop.paraphrase import variants
from voicebot.workshop.similar import make_similar

PACK = load_pack(TEMPLATE)


def how(question: str, *lexicon: Term) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for variant in variants(question, lexicon):
        found.setdefault(variant.how, set()).add(variant.text)
    return found


def test_each_kind_of_wording_is_made() -> None:
    disk = how("硬盘指示灯变黄是什么意思")
    assert "硬盘指示灯变黄" in disk["fragment"]
    assert "硬盘灯变黄是什么意思" in disk["spoken"]
    assert "硬盘指示灯变黄是啥意思" in disk["dialect"]
    assert how("怎么更换硬盘")["turned"] >= {"硬盘怎么更换"}
    assert "想更换硬盘" in how("怎么更换硬盘")["fragment"]
    raid = Term("RAID1", "term", ("锐德一", "阵列一"))
    assert how("RAID1怎么配置", raid)["term"] == {"锐德一怎么配置", "阵列一怎么配置"}


def test_a_misheard_word_sounds_the_same() -> None:
    from pypinyin import lazy_pinyin

    heard = how("机器报警")["misheard"]
    assert "及其报警" in heard
    assert all(lazy_pinyin(each) == lazy_pinyin("机器报警") for each in heard)


def test_wordings_are_the_same_every_time_and_never_the_question_itself() -> None:
    for question in ("保修多久", "怎么更换硬盘", "是否支持热插拔", "？", "", "{x}: [y", "a" * 500):
        made = variants(question)
        assert made == variants(question)
        assert question not in [each.text for each in made]
        assert all(each.text.strip() == each.text and len(each.text) <= 60 for each in made)


@pytest.mark.weights
def test_only_what_leads_to_its_own_entry_is_proposed(store: Records, knowledge: Knowledge) -> None:
    steps: list[tuple[int, int]] = []
    made = make_similar(
        PACK, knowledge, store.drafts, step=lambda done, total: steps.append((done, total))
    )
    assert made.entries == 1 and steps == [(0, 1)]
    assert 1 <= len(made.new) <= 3
    assert made.tried == len(made.new) + sum(made.dropped.values())
    known = {PACK.faq[0].question, *PACK.faq[0].similar}
    for draft in made.new:
        assert (draft.kind, draft.origin) == (DraftKind.SIMILAR, Origin.RULES)
        assert draft.near_entry == "general.warranty" and draft.question not in known
        assert knowledge.search(draft.question).hits[0].id == "general.warranty"
    again = make_similar(PACK, knowledge, store.drafts)
    assert not {each.question for each in again.new} & {each.question for each in made.new}


class Model:
    """Says what it is told to say."""

    def __init__(self, text: str, *, finished: bool = True) -> None:
        self.text, self.finished = text, finished

    def generate(
        self,
        head: FewShot,
        prompt: str,
        max_tokens: int,
        cancelled: Cancelled = never,
        *,
        deadline_ms: float | None = None,
        on_text: Callable[[str], None] = unheard,
    ) -> Draft:
        if not self.text:
            raise Late
        return Draft(self.text, 20, self.finished, 1.0)


@pytest.mark.weights
def test_a_models_wordings_go_through_the_same_checks(store: Records, knowledge: Knowledge) -> None:
    model = Model(
        "1. 这东西保几年\n- 硒鼓怎么换\n保修多久\nYL5280G3保修60个月吗\n质保能保多长时间\n没说完"
    )
    model.finished = False
    made = make_similar(PACK, knowledge, store.drafts, engine=model)
    said = {draft.question for draft in made.new}
    assert said <= {"这东西保几年", "质保能保多长时间"} and said
    assert all(draft.origin is Origin.MODEL for draft in made.new)
    assert made.dropped["known already"] == 1
    late = make_similar(PACK, knowledge, store.drafts, engine=Model(""))
    assert (late.tried, late.new) == (0, ())


@pytest.mark.weights
def test_an_unknown_entry_is_told(store: Records, knowledge: Knowledge) -> None:
    with pytest.raises(PackError, match=r"like general\.warranty; got 'nope'"):
        make_similar(PACK, knowledge, store.drafts, only=["nope"])
