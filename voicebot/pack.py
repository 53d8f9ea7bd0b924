"""A pack: everything a company brings, as a folder of data (docs/packs.md).

::

    pack.toml        name, company, hotline, voice
    prompts.yaml     what the bot says at fixed points; several variants each
    lexicon.yaml     models, parts, English terms and how they are spoken
    labels.yaml      the label tree for problem and solution classes
    faq/*.yaml       questions with similar questions and an answer
    documents/       manuals (Markdown, text, JSONL)
    scenes/*.yaml    fault scenes
"""

from __future__ import annotations

from dataclasses import dataclass


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
class Faq:
    """A question with its approved answer; `source` is shown as the citation."""

    id: str
    question: str
    answer: str
    similar: tuple[str, ...] = ()
    product: str = ""
    status: str = "approved"
    source: str = ""


@dataclass(frozen=True)
class Prompts:
    """Fixed utterances by name; each has one or more variants so that none is said twice.

    Required names: greeting, refuse_offer, offer_human, handoff, seat_busy, seat_failed,
    no_input, not_understood, filler, anything_else, goodbye, repeat_prefix, clarify_scene.
    Variants may hold ``{slots}`` filled by the dialog.
    """

    variants: dict[str, tuple[str, ...]]

    def get(self, name: str, nth: int = 0) -> str:
        """The nth variant (wrapping around). Raises KeyError for an unknown name."""
        texts = self.variants[name]
        return texts[nth % len(texts)]


@dataclass(frozen=True)
class PackInfo:
    """pack.toml."""

    name: str
    company: str
    hotline: str
    voice: VoiceChoice
    asr_prompt: str = ""
