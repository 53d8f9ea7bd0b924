"""A pack: everything a company brings, as a folder of data (docs/packs.md).

::

    pack.toml        name, company, hotline, voice
    prompts.yaml     what the bot says at fixed points; several variants each
    lexicon.yaml     models, parts, English terms and how they are spoken
    reading.yaml     how the company's codes are read aloud; may be missing
    prompts/*.yaml   what a language model is told; may be missing
    labels.yaml      the label tree for problem and solution classes
    faq/*.yaml       questions with similar questions and an answer
    documents/       manuals (docs/knowledge.md says which formats)
    scenes/*.yaml    fault scenes
    slots.yaml       slots that several scenes use; may be missing
    answers.yaml     answers that several branches use; may be missing
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from voicebot.pack_prompts import OPTIONAL_PROMPTS
from voicebot.scenes import call_back
from voicebot.scenes.model import Scene, Shared

# Heard in any utterance, these end the conversation in favour of a human, unless denied. A … stands
# for up to four characters (voicebot/dialog/alarm_words.py).
DANGER_WORDS = (
    "冒烟", "冒…烟", "烟…冒出", "出烟了", "有烟", "着火", "起火", "失火", "火灾", "火苗", "明火",
    "火光", "烧起来", "烧着了", "爆炸", "炸了", "触电", "电到人", "被电", "电…麻", "麻手", "电了我",
    "漏电", "烧焦", "焦味", "焦糊", "糊味", "烧糊", "烧塑料", "冒火花", "打火花", "有火花",
    "冒火星", "短路冒", "电池鼓", "漏液", "电解液", "人受伤", "砸到人", "砸伤", "夹伤", "烫伤",
    "流血", "进水", "泡水", "淋水", "漏水…机", "水…流到",
)  # fmt: skip
# Topics that only a human may take, and the words that bring them up.
SENSITIVE_TOPICS: Mapping[str, tuple[str, ...]] = {
    "投诉": ("投诉", "举报", "12315", "消协", "差评", "维权"),
    "法律": (
        "起诉", "律师", "法院", "打官司", "法律责任", "告你们", "仲裁", "索赔", "赔偿", "律师函",
    ),
    "媒体": ("曝光", "记者", "媒体", "上新闻", "315晚会", "发微博", "发抖音", "发到网上", "热搜"),
    "数据丢失": (
        "数据丢了", "数据…没了", "数据全丢", "数据丢失了", "数据不见了", "数据…找不回", "误删",
        "丢了…数据", "格式化了", "数据被清", "库被删",
    ),
    "数据泄露": ("数据泄露", "信息泄露", "资料泄露", "泄密", "勒索", "被黑了", "被入侵", "黑客"),
    "人身安全": ("出人命", "自杀", "不想活", "威胁", "打人", "报警抓"),
}  # fmt: skip


# Which files are documents (docs/knowledge.md says what becomes of each).
DOCUMENT_SUFFIXES = (
    ".md", ".markdown", ".txt", ".csv", ".tsv", ".jsonl",
    ".pdf", ".docx", ".xlsx", ".xlsm", ".html", ".htm",
)  # fmt: skip
FAQ_STATES = ("draft", "approved", "retired", "rejected")


@dataclass(frozen=True)
class VoiceChoice:
    """The pack's voice: `name` as the engine knows it, `speed` 1.0 is normal."""

    name: str = "zf_xiaobei"
    speed: float = 1.0


@dataclass(frozen=True)
class Term:
    """A lexicon entry.

    `term` is the written form, `kind` one of model, part, os, term, product.
    `spoken` are ways callers say it (used by ears and retrieval); `reading` is how the voice
    must read it, in Chinese characters and spaced single letters; empty: by rule.
    """

    term: str
    kind: str
    spoken: tuple[str, ...] = ()
    reading: str = ""


@dataclass(frozen=True)
class ReadingRule:
    """How what a pattern matches is read aloud (``reading.yaml``).

    `reading` holds ``{1}`` or ``{name}`` for the groups of `pattern`, as they stand or with a way
    to read them behind a colon. `examples` are (written, spoken) pairs that must come true;
    `line` is where the rule stands.
    """

    name: str
    pattern: str
    reading: str
    examples: tuple[tuple[str, str], ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Faq:
    """A question with its answer; `source` is shown as the citation.

    `status` is one of FAQ_STATES; only approved ones answer, and only from `valid_from` until
    `valid_until` (days as ``YYYY-MM-DD``, both included; "": no limit).
    """

    id: str
    question: str
    answer: str
    similar: tuple[str, ...] = ()
    product: str = ""
    status: str = "approved"
    source: str = ""
    valid_from: str = ""
    valid_until: str = ""


@dataclass(frozen=True)
class Prompts:
    """Fixed utterances by name; each has one or more variants so that none is said twice.

    `REQUIRED_PROMPTS` must be there; `OPTIONAL_PROMPTS` may be, and have words of our own
    otherwise (voicebot/pack_prompts.py, which also says what some of them hold in braces).
    """

    variants: dict[str, tuple[str, ...]]

    def get(self, name: str, nth: int = 0) -> str:
        """The nth variant (wrapping around). Raises KeyError for an unknown name."""
        texts = self.all(name)
        return texts[nth % len(texts)]

    def all(self, name: str) -> tuple[str, ...]:
        """Every variant. Raises KeyError for an unknown name."""
        return self.variants[name] if name in self.variants else OPTIONAL_PROMPTS[name]


@dataclass(frozen=True)
class PromptExample:
    """A worked example: passages or options (`context`), what is asked, the right answer."""

    question: str
    answer: str
    context: tuple[str, ...] = ()


@dataclass(frozen=True)
class PromptText:
    """What a language model is told for one use (``prompts/<use>.yaml``).

    `version` goes into the record of every turn that it had a part in. `background` is what the
    company is; it is the first thing left out where room is short.
    """

    use: str
    version: str
    system: str
    background: str = ""
    examples: tuple[PromptExample, ...] = ()

    @property
    def name(self) -> str:
        """As records write it: ``choose@1``."""
        return f"{self.use}@{self.version}"


@dataclass(frozen=True)
class PackInfo:
    """pack.toml."""

    name: str
    company: str
    hotline: str
    voice: VoiceChoice
    asr_prompt: str = ""
    danger_words: tuple[str, ...] = DANGER_WORDS
    sensitive: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: SENSITIVE_TOPICS)
    handoff_skill: str = ""


@dataclass(frozen=True)
class Labels:
    """The label tree as paths, e.g. ``故障/存储/硬盘不识别``; inner nodes are labels too.

    `cues` are, by path, words that speak for a label where no scene tells it: the caller's for a
    problem, ours and the hand-off's skill for a solution. `answered` and `handed_off` are the
    solutions of a call in which nothing speaks for one of below them ("": none).
    """

    problem: tuple[str, ...] = ()
    solution: tuple[str, ...] = ()
    cues: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    answered: str = ""
    handed_off: str = ""


@dataclass(frozen=True)
class Pack:
    """A loaded pack. Everything in it was checked by `voicebot.pack_loader.load_pack`."""

    root: Path
    info: PackInfo
    prompts: Prompts
    lexicon: tuple[Term, ...]
    labels: Labels
    faq: tuple[Faq, ...]
    documents: tuple[Path, ...]
    scenes: tuple[Scene, ...]
    reading: tuple[ReadingRule, ...] = ()
    language: tuple[PromptText, ...] = ()
    shared: Shared = field(default_factory=Shared)

    @property
    def danger_words(self) -> tuple[str, ...]:
        return self.info.danger_words

    def scene(self, scene_id: str) -> Scene | None:
        """The scene of this id, or None; also one that the house adds to every pack."""
        scenes = (*self.scenes, call_back.SCENE)
        return next((scene for scene in scenes if scene.id == scene_id), None)
