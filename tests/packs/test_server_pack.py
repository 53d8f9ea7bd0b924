"""The demo company's data: an answer must be speakable and its source must exist."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from voicebot.dialog.numbers import numbers_in
from voicebot.settings import SERVER_PACK

REQUIRED_PROMPTS = [
    "greeting",
    "refuse_offer",
    "offer_human",
    "handoff",
    "seat_busy",
    "seat_failed",
    "no_input",
    "not_understood",
    "filler",
    "anything_else",
    "goodbye",
    "repeat_prefix",
    "clarify_scene",
]


def _load(name: str) -> Any:
    return yaml.safe_load((SERVER_PACK / name).read_text(encoding="utf-8"))


def _faqs() -> list[dict[str, Any]]:
    return [
        entry
        for path in sorted(SERVER_PACK.glob("faq/*.yaml"))
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))
    ]


@cache
def _documents() -> dict[str, str]:
    """The text of every document by its title, which is its only heading of the first level."""
    texts = [path.read_text(encoding="utf-8") for path in SERVER_PACK.glob("documents/*.md")]
    titles = [re.findall(r"^# (.+)", text, re.M) for text in texts]
    return {title: text for (title,), text in zip(titles, texts, strict=True)}


@cache
def _headings() -> frozenset[str]:
    return frozenset(
        f"{title} {heading}"
        for title, text in _documents().items()
        for heading in re.findall(r"^#{2,} (.+)", text, re.M)
    )


FAQS = _faqs()
MODELS = frozenset(
    ["YL5280G3", "YL2260G3", "YL8480G3", "YL1120G3", "YL7490G3", "YS2200", "YS6600", "YN5648"]
)
KINDS = frozenset(["tech", "product", "fault", "service"])


def test_the_pack_covers_every_product_line_and_kind_of_question() -> None:
    assert len(FAQS) >= 220
    counted = Counter(entry.get("product", "") for entry in FAQS)
    assert set(counted) == MODELS | {""}
    assert min(counted.values()) >= 12, counted
    assert {entry["id"].split(".")[0] for entry in FAQS} == KINDS
    manuals = {path.name for path in SERVER_PACK.glob("documents/*-manual.md")}
    assert manuals == {f"{model.lower()}-manual.md" for model in MODELS}


def test_ids_are_unique_and_no_question_has_two_answers() -> None:
    ids = [entry["id"] for entry in FAQS]
    assert len(ids) == len(set(ids))
    asked = [text for entry in FAQS for text in (entry["question"], *entry["similar"])]
    assert len(asked) == len(set(asked))


def test_answers_are_short_and_speakable_and_their_sources_exist() -> None:
    wrong = {entry["id"]: found for entry in FAQS if (found := faults(entry))}
    assert not wrong


def faults(entry: dict[str, Any]) -> list[str]:
    """What is wrong with an entry's form."""
    answer = entry["answer"]
    sentences = [part for part in re.split("[。？！]", answer) if part]
    right = {
        "source": entry["source"] in _headings(),
        "similar": 3 <= len(entry["similar"]) <= 10,
        "sentences": 1 <= len(sentences) <= 2,
        "length": len(answer) <= 80,
        "signs": not re.search(r"[*#`|\[\]<>]|https?:", answer),
    }
    return [name for name, holds in right.items() if not holds]


def test_figures_and_names_of_an_answer_stand_in_the_section_it_cites() -> None:
    missing = {
        entry["id"]: missing_from(_section(entry["source"]), entry["answer"]) for entry in FAQS
    }
    assert not {name: found for name, found in missing.items() if found}


def test_a_fault_of_form_is_seen() -> None:
    fine = FAQS[0]
    assert faults(fine) == []
    assert faults({**fine, "source": "没有这一节"}) == ["source"]
    assert faults({**fine, "similar": fine["similar"][:2]}) == ["similar"]
    assert faults({**fine, "answer": "好。" * 3}) == ["sentences"]
    assert faults({**fine, "answer": "长" * 81}) == ["length"]
    assert faults({**fine, "answer": "见https://a。"}) == ["signs"]


def test_an_invented_figure_or_name_is_seen() -> None:
    section = "工作温度是 5 到 35 度，一共 128GB，登录 BMC 看 M101，地址是 192.168.8.100。"
    assert not missing_from(section, "五到三十五度，一百二十八GB，bmc里看M101，192.168.8.100。")
    assert missing_from(section, "五到四十度。") == {"40"}
    assert missing_from(section, "登录BIOS看M105。") == {"BIOS", "M105"}
    assert missing_from(section, "地址是192.168.8.110。") == {"110"}


def missing_from(section: str, answer: str) -> set[str]:
    """Numbers (in digits or Chinese) and Latin names of `answer` that `section` does not hold."""
    names = re.findall(r"[A-Za-z][A-Za-z0-9_]+", answer)
    said, written = (
        set(numbers_in(re.sub(r"[A-Za-z][A-Za-z0-9_]+", " ", text.replace("幺", "一"))))
        for text in (answer, section)
    )
    # A lone 一 counts too rarely (一个 in front of a part's name) to be held against an answer.
    absent = {str(number) for number in said - written - {1}}
    return absent | {name for name in names if name.lower() not in section.lower()}


def _section(source: str) -> str:
    """The text under the heading that a source names, without that of the headings below it."""
    for title, text in _documents().items():
        if source.startswith(f"{title} "):
            heading = re.escape(source.removeprefix(f"{title} "))
            match = re.search(rf"^(#+) {heading}$(.*?)(?=^#|\Z)", text, re.M | re.S)
            assert match
            return match[0]
    raise AssertionError(source)


def test_every_fixed_point_has_variants_and_nothing_is_said_twice() -> None:
    prompts: dict[str, list[str]] = _load("prompts.yaml")
    assert set(REQUIRED_PROMPTS) <= set(prompts)
    for name, variants in prompts.items():
        assert len(variants) >= 3, name
        assert all(len(text) <= 60 for text in variants), name
    texts = [text for variants in prompts.values() for text in variants]
    assert len(texts) == len(set(texts))


def test_recognizer_prompt_is_a_sentence_within_bounds() -> None:
    prompt = tomllib.loads((SERVER_PACK / "pack.toml").read_text(encoding="utf-8"))["asr_prompt"]
    assert len(prompt) <= 60
    assert prompt.endswith("。")


def test_lexicon_has_one_entry_a_term_and_readings_hold_no_unspaced_latin() -> None:
    terms = _load("lexicon.yaml")
    assert len({entry["term"] for entry in terms}) == len(terms)
    spoken = [word for entry in terms for word in entry["spoken"]]
    assert all(isinstance(word, str) and len(word) > 1 for word in spoken)
    assert len(spoken) == len(set(spoken)), "one spoken form means one term"
    for entry in terms:
        assert not re.search(r"[A-Za-z]{2,}|\d", entry.get("reading", "")), entry


def test_documents_name_no_real_address() -> None:
    for path in Path(SERVER_PACK).glob("documents/*.md"):
        assert not re.search(r"\.(com|cn|net)\b", path.read_text(encoding="utf-8"))
