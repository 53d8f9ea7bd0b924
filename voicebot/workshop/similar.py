"""Similar questions for the FAQ that there are: made by rule or by a language model, and kept only
where the index leads each to its own entry."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from voicebot.errors import LanguageError, PackError
from voicebot.knowledge.api import HitKind, SearchResult
from voicebot.knowledge.knowledge import Knowledge
from voicebot.knowledge.refusal import sigmoid
from voicebot.knowledge.text import clean_query, fold
from voicebot.language.api import FewShot, Late, TextEngine
from voicebot.language.grounding import ungrounded
from voicebot.pack import Faq, Pack
from voicebot.workshop.drafts import Draft, DraftKind, Drafts, Origin, new_draft
from voicebot.workshop.paraphrase import Variant, variants

PER_ENTRY = 3
TRIED = 12  # wordings of an entry that are looked up
LEAD = 0.5  # logits by which the own entry must lead the next thing found
SCENE_SURE = 0.5  # from here on a scene would start instead of the answer
_MODEL_TOKENS = 120
_MODEL_CHARS = 60
_NUMBERING = re.compile(r"^\s*(?:[-*•]|\d+[.、)）])\s*")
_HEAD = FewShot(
    "你为服务器厂商的电话客服整理问法。给你一个标准问题，写出来电者在电话里会怎么问同一件事，"
    "一行一个，共五个。要口语、简短，可以不完整。不要改变意思，不要加上原题没有的型号、数字或部件。",
    (
        (
            "硬盘亮黄灯是什么意思",
            "硬盘那个灯变黄了\n硬盘黄灯亮着咋回事\n盘上亮黄灯是坏了吗\n硬盘一直亮黄灯\n硬盘灯黄的要紧吗",
        ),
        ("保修多久", "保几年\n能保多长时间\n质保是几年啊\n过多久就不保了\n保修期有多长"),
    ),
)
Step = Callable[[int, int], None]


def unseen(done: int, total: int) -> None:
    """Nobody watches."""


@dataclass(frozen=True)
class Made:
    """The drafts that were kept, how many wordings were tried, and why the others went."""

    entries: int
    tried: int
    new: tuple[Draft, ...]
    dropped: Mapping[str, int]


def make_similar(
    pack: Pack,
    knowledge: Knowledge,
    drafts: Drafts,
    *,
    only: Sequence[str] = (),
    per_entry: int = PER_ENTRY,
    engine: TextEngine | None = None,
    step: Step = unseen,
) -> Made:
    """Propose up to `per_entry` similar questions for each approved FAQ (or those of ids `only`).

    With an `engine` its wordings are tried, else those of the rules. Raises PackError for an
    unknown id, RecordsError.
    """
    wanted = _wanted(pack, only)
    keep = _Keeper(pack, knowledge)
    dropped: Counter[str] = Counter()
    tried, new = 0, []
    for nth, faq in enumerate(wanted):
        step(nth, len(wanted))
        made = _by_model(engine, faq) if engine else _by_rule(faq, pack)
        kept: list[tuple[float, Variant]] = []
        for variant in made[:TRIED]:
            tried += 1
            why, probability = keep.judge(variant.text, faq)
            if why:
                dropped[why] += 1
            else:
                kept.append((probability, variant))
        for probability, variant in _best(kept, per_entry):
            draft = new_draft(
                DraftKind.SIMILAR,
                variant.text,
                near_entry=faq.id,
                nearness=round(probability, 3),
                confidence=round(probability, 3),
                origin=Origin.MODEL if engine else Origin.RULES,
            )
            if drafts.add(pack.info.name, [draft]):
                new.append(draft)
        dropped["more than wanted"] += max(0, len(kept) - per_entry)
    return Made(len(wanted), tried, tuple(new), dict(dropped))


class _Keeper:
    """Whether a wording may stand for an entry."""

    def __init__(self, pack: Pack, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._known = {_core(text) for faq in pack.faq for text in (faq.question, *faq.similar)} | {
            _core(text) for scene in pack.scenes for text in (scene.name, *scene.triggers)
        }
        self._scenes: dict[str, str] = {}

    def judge(self, text: str, faq: Faq) -> tuple[str, float]:
        """("" or why not, the probability that its own entry answers it)."""
        if _core(text) in self._known:
            return "known already", 0.0
        # Without the product: a caller may not have named it, and other products have FAQ too.
        result = self._knowledge.search(text, k=5)
        if not _own_first(result, faq):
            return "another entry first", 0.0
        if len(result.hits) > 1 and result.hits[0].score - result.hits[1].score < LEAD:
            return "another entry as near", 0.0
        scene = result.scene.id if result.scene and result.scene_probability >= SCENE_SURE else ""
        if scene and scene != self._scene_of(faq):
            return "starts a scene", 0.0
        self._known.add(_core(text))
        return "", sigmoid(result.hits[0].score)

    def _scene_of(self, faq: Faq) -> str:
        """The scene that the entry's own question starts, if it does."""
        if faq.id not in self._scenes:
            found = self._knowledge.search(faq.question, k=1)
            sure = found.scene is not None and found.scene_probability >= SCENE_SURE
            self._scenes[faq.id] = found.scene.id if sure and found.scene else ""
        return self._scenes[faq.id]


def _own_first(result: SearchResult, faq: Faq) -> bool:
    return bool(result.hits) and result.hits[0].kind is HitKind.FAQ and result.hits[0].id == faq.id


def _wanted(pack: Pack, only: Sequence[str]) -> list[Faq]:
    approved = {faq.id: faq for faq in pack.faq if faq.status == "approved"}
    unknown = [each for each in only if each not in approved]
    if unknown:
        like = ", ".join(list(approved)[:5])
        raise PackError(f"expected the id of an approved FAQ, like {like}; got {unknown[0]!r}")
    return [approved[each] for each in only] if only else list(approved.values())


def _by_rule(faq: Faq, pack: Pack) -> list[Variant]:
    """The wordings of all of the entry's questions, one of each kind in turn."""
    kinds: dict[str, list[Variant]] = {}
    for question in (faq.question, *faq.similar):
        for variant in variants(question, pack.lexicon):
            kinds.setdefault(variant.how, []).append(variant)
    found = []
    while any(kinds.values()):
        found += [kind.pop(0) for kind in kinds.values() if kind]
    return found


def _by_model(engine: TextEngine, faq: Faq) -> list[Variant]:
    """What a language model makes of the question; a line that adds a number or name goes."""
    try:
        written = engine.generate(_HEAD, faq.question, _MODEL_TOKENS)
    except (Late, LanguageError):
        return []
    lines = written.text.splitlines()
    if not written.finished:
        lines = lines[:-1]
    texts = [_NUMBERING.sub("", line).strip().rstrip("？?。") for line in lines]
    known = "\n".join((faq.question, *faq.similar, faq.answer))
    fit = [text for text in texts if 1 < len(text) <= _MODEL_CHARS and text.isprintable()]
    return [Variant(text, "model") for text in fit if not ungrounded(text, known)]


def _best(kept: Iterable[tuple[float, Variant]], most: int) -> list[tuple[float, Variant]]:
    """The least sure ones first, for they add most; of each kind one before a second of any."""
    rounds: Counter[str] = Counter()
    ranked = []
    for probability, variant in sorted(kept, key=lambda pair: pair[0]):
        ranked.append((rounds[variant.how], probability, variant))
        rounds[variant.how] += 1
    ranked.sort(key=lambda each: each[:2])
    return [(probability, variant) for _, probability, variant in ranked[:most]]


def _core(text: str) -> str:
    return "".join(char for char in fold(clean_query(text)) if char.isalnum())
