"""Units packed into passages within the embedder's reach, never cutting an atom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from voicebot.knowledge.ingest.unit import Kind, Unit

_BATCH = 512
TARGET_TOKENS = 256  # neighbouring paragraphs share a passage up to here
Count = Callable[[Sequence[str]], list[int]]


@dataclass(frozen=True)
class Packed:
    """The text of one passage under its heading path, and where it comes from (see Unit)."""

    title: str
    text: str
    kind: Kind
    page: int
    figure: str


def count_all(count: Count, texts: Sequence[str]) -> list[int]:
    """Tokens of each text, a few hundred at a time: a tokenizer keeps much about each."""
    starts = range(0, len(texts), _BATCH)
    return [size for start in starts for size in count(texts[start : start + _BATCH])]


def pack(units: Sequence[Unit], count: Count, max_tokens: int) -> Iterator[Packed]:
    """Yield passages in order; neighbours of one page are joined up to 256 tokens.

    `count` gives the tokens of texts as they will be embedded (title above text). A passage is
    longer than `max_tokens` only if a single atom is.
    """
    pieces = [(unit, text) for unit in units for text in _fit(unit, count, max_tokens)]
    sizes = count_all(count, [f"{unit.title}\n{text}" for unit, text in pieces])
    first: Unit | None = None
    joined, used = "", 0
    for (unit, text), size in zip(pieces, sizes, strict=True):
        if first and _joins(first, unit) and used + size <= min(TARGET_TOKENS, max_tokens):
            joined, used = f"{joined}\n{text}", used + size
            continue
        if first and joined:
            yield _packed(first, joined)
        first, joined, used = unit, text, size
    if first and joined:
        yield _packed(first, joined)


def _joins(first: Unit, unit: Unit) -> bool:
    together = not first.stands_alone and not unit.stands_alone
    return together and (first.title, first.page) == (unit.title, unit.page)


def _packed(unit: Unit, text: str) -> Packed:
    return Packed(unit.title, text, unit.kind, unit.page, unit.figure)


def _fit(unit: Unit, count: Count, max_tokens: int) -> Iterator[str]:
    """The unit whole, or in as few runs of atoms as fit."""
    whole = unit.render(unit.atoms)
    if count([f"{unit.title}\n{whole}"])[0] <= max_tokens:
        yield whole
        return
    frame = count([f"{unit.title}\n{unit.render(())}"])[0]
    run: tuple[str, ...] = ()
    used = frame
    for atom, size in zip(unit.atoms, count(unit.atoms), strict=True):
        if run and used + size > max_tokens:
            yield unit.render(run)
            run, used = (), frame
        run, used = (*run, atom), used + size
    yield unit.render(run)
