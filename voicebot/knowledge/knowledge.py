"""The facade: build an index from a company's material, open it, search it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import numpy as np

from voicebot.errors import IndexMismatchError, KnowledgeError
from voicebot.knowledge import index as on_disk
from voicebot.knowledge.api import Hit, HitKind, SearchResult
from voicebot.knowledge.embedder import Embedder, Vectors
from voicebot.knowledge.entry import Entry, Passage, Role, SceneEntry
from voicebot.knowledge.index import Index
from voicebot.knowledge.ingest import FileReport
from voicebot.knowledge.live import LiveIndex
from voicebot.knowledge.reading import Progress, read_documents, without_clashes
from voicebot.knowledge.rerank import Reranker
from voicebot.knowledge.search import Searcher
from voicebot.knowledge.update import updated
from voicebot.knowledge.vectors.choice import AUTO, VectorChoice
from voicebot.pack import Faq

BATCH = 64


def _silent(stage: str, done: int, total: int) -> None:
    """No progress is shown."""


class Knowledge:
    """An open index. `search` may be called from several threads at once."""

    def __init__(
        self,
        index: Index | LiveIndex,
        embedder: Embedder,
        reports: Sequence[FileReport] = (),
        directory: Path | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.reports = tuple(reports)
        self._directory = directory
        self._live = index if isinstance(index, LiveIndex) else None
        self._embedder = embedder
        self._reranker = reranker
        self._searched = index.newest() if isinstance(index, LiveIndex) else index
        self._searcher = Searcher(self._searched, embedder, reranker)

    @classmethod
    def build(
        cls,
        faq: Iterable[Faq],
        documents: Iterable[Path],
        scenes: Iterable[SceneEntry],
        embedder: Embedder,
        index_dir: Path,
        *,
        progress: Progress = _silent,
        vectors: VectorChoice = AUTO,
    ) -> Knowledge:
        """Make the index at `index_dir` hold exactly this material, and open it.

        `documents` are files and folders. What an earlier build already embedded is not
        embedded again, and unchanged files are not read again; what is no longer there
        disappears. Only approved FAQ are taken.
        `reports` on the result has a line for each file.
        Raises KnowledgeError if nothing at all could be read or the index cannot be written.
        """
        with on_disk.writing(index_dir):
            before = on_disk.known_sources(index_dir)
            sources = read_documents(documents, embedder, before, index_dir, progress)
            reported, passages = without_clashes(sources)
            reports = [source.report for source in reported]
            entries = [*_passage_entries(passages), *_faq_entries(faq), *_scene_entries(scenes)]
            if not entries:
                problems = "; ".join(f"{r.path} {p}" for r in reports for p in r.problems[:1])
                raise KnowledgeError(f"ingest: nothing to index: {problems or 'no file was given'}")
            old = _old(index_dir, embedder, vectors)
            known = old.vectors_by_key() if old else {}
            embedded = _vectors(entries, known, embedder, progress)
            new = updated(old, entries, embedded, vectors)
            on_disk.save(new.index, index_dir, embedder, sources, vectors, new.same_base, progress)
        return cls(LiveIndex(index_dir, embedder, vectors), embedder, reports, index_dir)

    @classmethod
    def open(cls, index_dir: Path, embedder: Embedder, vectors: VectorChoice = AUTO) -> Knowledge:
        """Raises KnowledgeError or IndexMismatchError, see `index.load`.

        What a later `build` writes there is searched as soon as it is opened beside.
        """
        return cls(LiveIndex(index_dir, embedder, vectors), embedder, (), index_dir)

    def search(
        self,
        query: str,
        k: int = 5,
        product: str = "",
        today: date | None = None,
        without: Container[str] = (),
    ) -> SearchResult:
        """The `k` best FAQ and passages, and the best scene.

        With `product`, items of other products are left out. FAQ that are not valid on the day
        `today` (default: the machine's date) are left out, and so are the ids in `without`. An
        empty query finds nothing.
        """
        if self._live and (newest := self._live.newest()) is not self._searched:
            self._searched = newest
            self._searcher = Searcher(newest, self._embedder, self._reranker)
        day = (today or date.today()).isoformat()
        return self._searcher.search(query, k, product, day, without)

    @property
    def embedder(self) -> Embedder:
        """What turns texts into this index's vectors."""
        return self._embedder

    def explain(self, query: str) -> dict[str, dict[str, float]]:
        """See `Searcher.explain`."""
        return self._searcher.explain(query)

    def answers(self) -> dict[str, str]:
        """The text of everything that may answer, by its id; parts of one record joined."""
        pool = self._searched.answers
        found: dict[str, str] = {}
        for entry in pool.entries if pool else ():
            known = found.get(entry.id)
            found[entry.id] = f"{known}\n{entry.match}" if known else entry.match
        return found

    def picture(self, hit: Hit) -> Path | None:
        """The original picture that a hit describes, as a file that may be shown or sent."""
        if not hit.figure or self._directory is None:
            return None
        path = self._directory / on_disk.PICTURES / hit.figure
        return path if path.is_file() else None

    def passages(self) -> list[Hit]:
        """Every passage that may be quoted, in the order of the documents; scores are 0."""
        entries = (entry for _, pool in self._searched.pools for entry, _ in pool.living())
        found = (
            Hit(entry.id, entry.kind, 0.0, entry.text, entry.title, entry.source)
            for entry in entries
            if entry.kind is HitKind.PASSAGE and entry.role is Role.ANSWER
        )
        return list(found)

    def __len__(self) -> int:
        return sum(len(pool) for _, pool in self._searched.pools)


def _old(index_dir: Path, embedder: Embedder, vectors: VectorChoice) -> Index | None:
    """The index that is there, if it is there and of this embedder."""
    try:
        return on_disk.load(index_dir, embedder, vectors)
    except (KnowledgeError, IndexMismatchError):
        return None


def _vectors(
    entries: Sequence[Entry], known: dict[str, Vectors], embedder: Embedder, progress: Progress
) -> Vectors:
    keys = [entry.key for entry in entries]
    missing = {key: entry for key, entry in zip(keys, entries, strict=True) if key not in known}
    by_length = sorted(missing.items(), key=lambda pair: len(pair[1].match))
    found = dict(known)
    done = 0
    progress("embed", 0, len(by_length))
    for side in (True, False):
        wanted = [(k, e.match) for k, e in by_length if (e.role is Role.ANSWER) is side]
        embed = embedder.passages if side else embedder.queries
        for start in range(0, len(wanted), BATCH):
            batch = wanted[start : start + BATCH]
            vectors = embed([match for _, match in batch])
            found.update(zip((key for key, _ in batch), vectors, strict=True))
            done += len(batch)
            progress("embed", done, len(by_length))
    return np.stack([found[key] for key in keys]).astype(np.float32)


def _passage_entries(passages: Iterable[Passage]) -> Iterator[Entry]:
    for p in passages:
        match = f"{p.title}\n{p.text}" if p.title else p.text
        rest = (p.text, p.title, p.source)
        yield Entry(p.id, HitKind.PASSAGE, Role.ANSWER, match, *rest, figure=p.figure)


def _faq_entries(faq: Iterable[Faq]) -> Iterator[Entry]:
    """A FAQ is found by its question, by each similar question, and by its answer."""
    for item in faq:
        if item.status != "approved":
            continue
        answer = f"{item.question}\n{item.answer}"
        texts = [(Role.QUESTION, question) for question in (item.question, *item.similar)]
        for role, match in ((Role.ANSWER, answer), *texts):
            yield Entry(
                item.id,
                HitKind.FAQ,
                role,
                match,
                item.answer,
                item.question,
                item.source or item.id,
                item.product,
                valid_from=item.valid_from,
                valid_until=item.valid_until,
            )


def _scene_entries(scenes: Iterable[SceneEntry]) -> Iterator[Entry]:
    for scene in scenes:
        for role, texts in (
            (Role.QUESTION, (scene.name, *scene.triggers)),
            (Role.COUNTER, scene.not_triggers),
        ):
            for text in texts:
                yield Entry(
                    scene.id, HitKind.SCENE, role, text, scene.name, text, scene.id, scene.product
                )
