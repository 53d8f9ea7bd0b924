"""A pack: everything a company brings, as a folder of data (docs/packs.md).

::

    pack.toml        name, company, hotline, voice
    prompts.yaml     what the bot says at fixed points; several variants each
    lexicon.yaml     models, parts, English terms and how they are spoken
    reading.yaml     how the company's codes are read aloud; may be missing
    labels.yaml      the label tree for problem and solution classes
    faq/*.yaml       questions with similar questions and an answer
    documents/       manuals (docs/knowledge.md says which formats)
    scenes/*.yaml    fault scenes
    slots.yaml       slots that several scenes use; may be missing
    answers.yaml     answers that several branches use; may be missing
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from voicebot.pack_prompts import OPTIONAL_PROMPTS
from voicebot.scenes.model import Scene, Shared

# Heard in any utterance, these end the conversation in favour of a human, unless negated.
DANGER_WORDS = (
    "冒烟", "冒烟了", "着火", "起火", "失火", "火灾", "爆炸", "炸了", "触电", "电到人", "漏电",
    "烧焦", "焦味", "糊味", "烧糊", "冒火花", "打火花", "电池鼓包", "人受伤", "电解液",
)  # fmt: skip


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
        texts = self.variants[name] if name in self.variants else OPTIONAL_PROMPTS[name]
        return texts[nth % len(texts)]


@dataclass(frozen=True)
class PackInfo:
    """pack.toml."""

    name: str
    company: str
    hotline: str
    voice: VoiceChoice
    asr_prompt: str = ""
    danger_words: tuple[str, ...] = DANGER_WORDS
    handoff_skill: str = ""


@dataclass(frozen=True)
class Labels:
    """The label tree as paths, e.g. ``故障/存储/硬盘不识别``; inner nodes are labels too."""

    problem: tuple[str, ...] = ()
    solution: tuple[str, ...] = ()


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
    shared: Shared = field(default_factory=Shared)

    @property
    def danger_words(self) -> tuple[str, ...]:
        return self.info.danger_words

    def scene(self, scene_id: str) -> Scene | None:
        """The scene of this id, or None."""
        return next((scene for scene in self.scenes if scene.id == scene_id), None)
