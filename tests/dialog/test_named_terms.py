"""A word that a pack's FAQ name again binds; one that only says where it happens hardly does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from voicebot.dialog.named_terms import NamedTerms
from voicebot.dialog.phonetic import Canonicalizer
from voicebot.pack import Faq, Pack, Term
from voicebot.pack_loader import load_pack

TEMPLATE = Path(__file__).parents[2] / "voicebot" / "packs" / "template"
LEXICON = (Term("机房", "term"), Term("内存", "part", ("内存条",)), Term("硬盘", "part"))
FAQS = (
    Faq("a", "内存怎么插", "内存插白色插槽。", ("内存条插哪", "机房里内存怎么装")),
    Faq("b", "怎么自动开机", "改成总是开机。", ("机房断电以后自己起来", "机房来电自启")),
)


def named() -> NamedTerms:
    pack: Pack = replace(load_pack(TEMPLATE), faq=FAQS, lexicon=LEXICON)
    return NamedTerms(pack, Canonicalizer(LEXICON))


def test_what_is_lacking_counts_as_far_as_it_binds() -> None:
    terms = named()
    assert terms.lacking("内存怎么插", "先看电源灯。") == 1.0
    assert 0 < terms.lacking("机房断电怎么办", "改成总是开机。") < 0.5
    assert terms.lacking("硬盘怎么换", "先看电源灯。") == 1.0, "no FAQ names it: it binds"
    assert terms.lacking("内存怎么插", "内存插白色插槽。") == 0


def test_what_a_similar_question_names_is_not_lacking() -> None:
    assert named().lacking("机房断电怎么办", "改成总是开机。", "b") == 0
