"""What a bot will say word for word, by how likely a call is to hear it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from voicebot.knowledge.answer import extract
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.knowledge.ingest.tables import CELL_SEPARATOR
from voicebot.knowledge.knowledge import Knowledge
from voicebot.pack import Pack
from voicebot.pack_prompts import OPTIONAL_PROMPTS
from voicebot.scenes.model import Scene
from voicebot.session.slot_values import filled_branches, filled_prompts
from voicebot.settings import Settings

FIRST_PROMPTS = (
    "greeting",
    "handoff",
    "not_understood",
    "no_input_goodbye",
    "refuse_offer",
    "seat_failed",
    "queue_notice",
    "recording_stopped",
    "back_from_hold",
)
BRANCH_HITS = 2
Search = Callable[[str], SearchResult]


@dataclass(frozen=True)
class SpokenTexts:
    """Texts in the order in which they should be rendered; some hold ``{slots}``.

    `first`: what a call cannot do without: the greeting, all fillers (one that had to be rendered
    first would be no filler), what a silent caller is asked, and the way to a human. `usual`:
    what most calls hear, whatever they are about: courtesies, and the question with which each
    scene begins. `scenes`: what only a call about that scene hears: its other questions, then its
    contradictions and diagnoses. `rest`: other variants, help, FAQ answers. `documents`:
    passages, as they are quoted.
    """

    first: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    scenes: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every text once, the likeliest first."""
        texts = (*self.first, *self.usual, *self.scenes, *self.rest, *self.documents)
        return tuple(dict.fromkeys(texts))


def spoken_texts(
    pack: Pack,
    *,
    no_input_prompts: int,
    announcement: str = "",
    documents: Iterable[str] = (),
) -> SpokenTexts:
    """What the pack says; `documents` as `document_texts` gives them.

    `no_input_prompts` is how often in a row a silent caller is asked whether they are there.
    """
    prompts = {**OPTIONAL_PROMPTS, **pack.prompts.variants}
    asked = [pack.prompts.get("no_input", nth) for nth in range(no_input_prompts)]
    first = [announcement, *prompts["filler"], *asked]
    first += [prompts[name][0] for name in FIRST_PROMPTS]
    usual = [variants[0] for variants in prompts.values()]
    usual += [asked for scene in pack.scenes for asked in _asked(scene)[:1]]
    scenes = _of_scenes(pack)
    rest = [text for variants in prompts.values() for text in variants[1:]]
    rest += _filled(pack, (*usual, *rest))
    for faq in pack.faq:
        if faq.status == "approved":
            rest += _quoted(Hit(faq.id, HitKind.FAQ, 0.0, faq.answer))
    seldom: list[str] = []
    for scene in pack.scenes:
        seldom += [text for slot in scene.slots for text in (*slot.asks[1:], slot.help)]
        seldom += [text for each in scene.contradictions for text in each.says[1:]]
    rest += [*seldom, *_filled(pack, (*scenes, *seldom)), *filled_branches(pack)]
    groups = map(_said, (first, usual, rest, documents, scenes))
    return SpokenTexts(*groups)


def _filled(pack: Pack, texts: Iterable[str]) -> list[str]:
    return [text for each in texts if "{" in each for text in filled_prompts(pack, each)]


def _of_scenes(pack: Pack) -> list[str]:
    """What follows the scenes' first questions: a call goes through one scene, never all."""
    texts = [asked for scene in pack.scenes for asked in _asked(scene)[1:]]
    return [*texts, *(found for scene in pack.scenes for found in _found(scene))]


def scene_texts(scene: Scene) -> list[str]:
    """What a call about this scene hears of it, as it is said first."""
    return [text for text in (*_asked(scene), *_found(scene)) if text]


def _found(scene: Scene) -> list[str]:
    contradictions = [each.says[0] for each in scene.contradictions]
    return contradictions + [branch.say for branch in scene.branches]


def _asked(scene: Scene) -> list[str]:
    """Each slot's question as it is asked first, in the scene's order."""
    return [slot.asks[0] for slot in scene.slots if slot.asks]


def document_texts(
    pack: Pack, passages: Sequence[Hit], search: Search, most_chars: int
) -> list[str]:
    """What may be quoted of the documents, within `most_chars`: what the scenes' diagnoses look
    up, then each passage's beginning, then the rest of them. No more is read than fits."""
    texts: dict[str, None] = {}
    left = most_chars
    for text in _likely(pack, passages, search) if most_chars > 0 else ():
        if text in texts:
            continue
        left -= len(text)
        if left < 0:
            break
        texts[text] = None
    return list(texts)


def _likely(pack: Pack, passages: Sequence[Hit], search: Search) -> Iterator[str]:
    """As `document_texts`, without a bound; a passage is read when its turn comes."""
    for scene in pack.scenes:
        for branch in scene.branches:
            if branch.kb and "{" not in branch.kb:
                for hit in search(branch.kb).hits[:BRANCH_HITS]:
                    if hit.kind is HitKind.PASSAGE:
                        yield from _quoted(hit)
    later: list[str] = []
    for hit in passages:
        first, *rest = _quoted(hit) or [""]
        if first:
            yield first
        later += rest
    yield from later


def _quoted(hit: Hit) -> list[str]:
    """A hit as it is spoken; a table row once for each column that may be asked for."""
    columns = [cell.partition(": ")[0] for cell in hit.text.split(CELL_SEPARATOR)]
    found: dict[str, None] = {}
    for question in ["", *(columns if len(columns) > 1 else [])]:
        cut = extract(question, hit)
        found |= dict.fromkeys((cut.spoken, *cut.rest))
    return [text for text in found if text]


def _said(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for text in dict.fromkeys(texts) if text)


def all_texts(settings: Settings, pack: Pack, knowledge: Knowledge) -> SpokenTexts:
    """What the bot will say word for word, documents included."""
    most_chars = settings.speech.prepare_chars
    return spoken_texts(
        pack,
        no_input_prompts=settings.turns.no_input_prompts,
        announcement=settings.records.announcement,
        documents=document_texts(pack, knowledge.passages(), knowledge.search, most_chars),
    )
