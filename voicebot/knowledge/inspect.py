"""What was recovered from a file, passage by passage; or one item with its neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.errors import KnowledgeError
from voicebot.knowledge.entry import Passage
from voicebot.knowledge.sources import Source


@dataclass(frozen=True)
class Inspection:
    """Passages of one file in order. `chosen` are the places in `passages` that were asked for:
    all of them for a file, those of the id for an id (its neighbours are then shown too)."""

    source: Source
    passages: tuple[Passage, ...]
    chosen: tuple[int, ...]


def inspect(sources: Sequence[Source], wanted: str) -> Inspection:
    """Find a file by its name in the index, its path or the end of either; or a passage by id.

    Raises KnowledgeError if there is no such thing, or more than one file.
    """
    files = _files(sources, wanted)
    if len(files) > 1:
        names = ", ".join(source.name for source in files[:5])
        raise KnowledgeError(f"inspect: '{wanted}' is the end of several names: {names}")
    if files:
        every = files[0].passages
        return Inspection(files[0], every, tuple(range(len(every))))
    for source in sources:
        places = [i for i, passage in enumerate(source.passages) if passage.id == wanted]
        if places:
            first, last = max(places[0] - 1, 0), places[-1] + 2
            chosen = tuple(place - first for place in places)
            return Inspection(source, source.passages[first:last], chosen)
    raise KnowledgeError(
        f"inspect: the index holds no file and no passage '{wanted}'; "
        f"it was made of {len(sources)} files{_examples(sources)}"
    )


def _files(sources: Sequence[Source], wanted: str) -> list[Source]:
    exact = [s for s in sources if wanted in (s.name, s.report.path)]
    return exact or [s for s in sources if f"/{s.name}".endswith(f"/{wanted}")]


def _examples(sources: Sequence[Source]) -> str:
    names = ", ".join(source.name for source in sources[:3])
    return f", such as {names}" if names else ""
