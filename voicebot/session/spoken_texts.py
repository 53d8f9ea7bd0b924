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
    what most calls hear. `rest`: other variants, help, FAQ answers. `documents`: passages, as
    they are quoted.
    """

    first: tuple[str, ...] = ()
    usual: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[str, ...]:
        """Every text once, the likeliest first."""
        texts = (*self.first, *self.usual, *self.rest, *self.documents)
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
    rest = [text for variants in prompts.values() for text in variants[1:]]
    for scene in pack.scenes:
        usual += [slot.asks[0] for slot in scene.slots if slot.asks]
        usual += [each.says[0] for each in scene.contradictions]
        usual += [branch.say for branch in scene.branches]
        rest += [text for slot in scene.slots for text in (*slot.asks[1:], slot.help)]
        rest += [text for each in scene.contradictions for text in each.says[1:]]
    for faq in pack.faq:
        if faq.status == "approved":
            rest += _quoted(Hit(faq.id, HitKind.FAQ, 0.0, faq.answer))
    held = [text for text in (*usual, *rest) if "{" in text]
    rest += [text for each in held for text in filled_prompts(pack, each)]
    rest += filled_branches(pack)
    return SpokenTexts(_said(first), _said(usual), _said(rest), _said(documents))


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
