"""Units packed into passages within the embedder's reach, never cutting an atom."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from voicebot.knowledge.ingest.unit import Unit

TARGET_TOKENS = 256  # neighbouring paragraphs share a passage up to here
Count = Callable[[Sequence[str]], list[int]]


def pack(
    units: Sequence[Unit], count: Count, max_tokens: int, target_tokens: int = TARGET_TOKENS
) -> Iterator[tuple[str, str]]:
    """Yield (title, text) of each passage in order; neighbours are joined up to `target_tokens`.

    `count` gives the tokens of texts as they will be embedded (title above text). A passage is
    longer than `max_tokens` only if a single atom is.
    """
    pieces = [piece for unit in units for piece in _fit(unit, count, max_tokens)]
    sizes = count([f"{title}\n{text}" for title, text, _ in pieces]) if pieces else []
    open_title, open_text, open_size = "", "", 0
    for (title, text, alone), size in zip(pieces, sizes, strict=True):
        joins = open_text and title == open_title and not alone and open_size
        if joins and open_size + size <= min(target_tokens, max_tokens):
            open_text, open_size = f"{open_text}\n{text}", open_size + size
            continue
        if open_text:
            yield open_title, open_text
        open_title, open_text, open_size = title, text, 0 if alone else size
    if open_text:
        yield open_title, open_text


def _fit(unit: Unit, count: Count, max_tokens: int) -> Iterator[tuple[str, str, bool]]:
    """The unit whole, or in as few runs of atoms as fit."""
    whole = unit.render(unit.atoms)
    if count([f"{unit.title}\n{whole}"])[0] <= max_tokens:
        yield unit.title, whole, unit.stands_alone
        return
    frame = count([f"{unit.title}\n{unit.render(())}"])[0]
    run: tuple[str, ...] = ()
    used = frame
    for atom, size in zip(unit.atoms, count(unit.atoms), strict=True):
        if run and used + size > max_tokens:
            yield unit.title, unit.render(run), unit.stands_alone
            run, used = (), frame
        run, used = (*run, atom), used + size
    yield unit.title, unit.render(run), unit.stands_alone
