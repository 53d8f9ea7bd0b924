"""``voicebot kb``: read a company's documents into an index, and ask it."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicebot.cli.kb_eval import evaluate
from voicebot.cli.kb_inspect import inspect
from voicebot.cli.kb_tune import tune

if TYPE_CHECKING:
    from voicebot.knowledge.api import Hit, SearchResult
    from voicebot.knowledge.embedder import Embedder
    from voicebot.knowledge.ingest import FileReport
    from voicebot.knowledge.knowledge import Knowledge
    from voicebot.knowledge.vectors.choice import VectorChoice

IndexDir = Annotated[Path, typer.Option("--index", help="index folder")]
Models = Annotated[
    Path | None, typer.Option("--models", help="weights folder (default: VOICEBOT_MODELS)")
]


def register(app: typer.Typer) -> None:
    """Add ``kb eval``, ``kb ingest``, ``kb inspect``, ``kb search`` and ``kb tune``."""
    kb = typer.Typer(
        help="Documents and FAQ: ingest, inspect, search, eval, tune.", no_args_is_help=True
    )
    kb.command("eval")(evaluate)
    kb.command("ingest")(ingest)
    kb.command("inspect")(inspect)
    kb.command("search")(search)
    kb.command("tune")(tune)
    app.add_typer(kb, name="kb")


def ingest(
    index: IndexDir,
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="files or folders: .pdf .docx .xlsx .html .md .csv .txt .jsonl, FAQ as .yaml"
        ),
    ] = None,
    pack: Annotated[
        Path | None, typer.Option("--pack", help="a pack: its documents/ and faq/ are read")
    ] = None,
    models: Models = None,
) -> None:
    """Make the index hold exactly what PATHS and the pack hold now.

    Unchanged files are not read again; files that are gone disappear. A file of which something
    could not be recovered is reported and never stops the rest (exit status 1).
    """
    from voicebot.knowledge.ingest.faq import read_sources
    from voicebot.knowledge.knowledge import Knowledge

    sources = [*(paths or []), *([pack / "documents", pack / "faq"] if pack else [])]
    if not sources:
        raise typer.BadParameter("name at least one file or folder, or a --pack")
    faq, faq_reports, documents = read_sources(sources)
    embedder = _embedder(models)
    with progress_bars() as progress:
        knowledge = Knowledge.build(
            faq, documents, (), embedder, index, progress=progress, vectors=_vectors()
        )
    reports = [*faq_reports, *knowledge.reports]
    _show_reports(reports)
    typer.echo(f"{index}: {len(knowledge)} entries", err=True)
    if any(report.problems for report in reports):
        raise typer.Exit(1)


def search(
    index: IndexDir,
    question: Annotated[str, typer.Argument(help="one question; leave out with --jsonl")] = "",
    jsonl: Annotated[
        bool, typer.Option("--jsonl", help='stdin {"qid","question"} -> stdout, line by line')
    ] = False,
    k: Annotated[int, typer.Option("-k", min=1, help="hits a question")] = 10,
    product: Annotated[str, typer.Option(help="leave out what is about other products")] = "",
    on: Annotated[
        datetime.datetime | None,
        typer.Option("--on", formats=["%Y-%m-%d"], help="ask as on this day (default: today)"),
    ] = None,
    models: Models = None,
) -> None:
    """Ask the index: a table for one QUESTION, JSON lines with --jsonl.

    A bad input line is reported on stderr; the others are still answered (exit status 2).
    """
    from voicebot.knowledge.knowledge import Knowledge

    today = on.date() if on else None
    if bool(question) == jsonl:
        raise typer.BadParameter("give one question, or --jsonl and questions on stdin")
    knowledge = Knowledge.open(index, _embedder(models), _vectors())
    if question:
        _show_hits(knowledge.search(question, k, product, today))
    elif _answer_lines(knowledge, k, product, today):
        raise typer.Exit(2)


def _answer_lines(knowledge: Knowledge, k: int, product: str, today: datetime.date | None) -> int:
    """One line out for each good line in, in order. Returns the number of bad lines."""
    bad = 0
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        try:
            qid, question = _question(line)
        except ValueError as error:
            bad += 1
            print(f"stdin line {number}: {error}", file=sys.stderr)
            continue
        result = knowledge.search(question, k, product, today)
        hits = [_hit(hit) for hit in result.hits]
        answer = {"qid": qid, "hits": hits, "answerable": round(result.answerable, 4)}
        sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode() + b"\n")
        sys.stdout.buffer.flush()
    return bad


def _hit(hit: Hit) -> dict[str, Any]:
    fields = {"id": hit.id, "score": round(hit.score, 4), "text": hit.text}
    return {**fields, "figure": hit.figure} if hit.figure else fields


def _question(line: bytes) -> tuple[Any, str]:
    fields = json.loads(line.decode("utf-8-sig"))
    if not isinstance(fields, dict) or "qid" not in fields:
        raise ValueError('expected {"qid": …, "question": "…"}')
    if not isinstance(fields.get("question"), str):
        raise ValueError(f'"question" must be a string, got {fields.get("question")!r:.40}')
    return fields["qid"], fields["question"]


def _embedder(models: Path | None) -> Embedder:
    from voicebot.knowledge.build import build_embedder
    from voicebot.settings import load_settings

    return build_embedder(load_settings(overrides={"models": models}))


def _vectors() -> VectorChoice:
    """Where the settings want vectors to be searched."""
    from voicebot.knowledge.build import vector_choice
    from voicebot.settings import load_settings

    return vector_choice(load_settings().knowledge)


@contextmanager
def progress_bars() -> Iterator[Callable[[str, int, int], None]]:
    """A listener for (stage, done, total): one bar a stage, on stderr."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description:<6}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=total)
            bar.update(tasks[stage], completed=done, total=total)

        yield show


def _show_reports(reports: list[FileReport]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(*("file", "pages", "tables", "figures", "passages"), "not recovered, (left out)")
    for report in reports:
        counts = (report.pages, report.tables, report.figures)
        first, more = report.problems[:3], len(report.problems) - 3
        lines = [*first, *([f"and {more} more: voicebot kb inspect"] if more > 0 else [])]
        said = "\n".join([*lines, *(f"({note})" for note in report.notes)])
        shown = [str(count) if count else "" for count in counts]
        table.add_row(escape(report.path), *shown, str(report.passages), escape(said))
    Console(stderr=True).print(table)


def _show_hits(result: SearchResult) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table("score", "kind", "id", "source", "text")
    for hit in result.hits:
        text = hit.text.replace("\n", " ")
        source = f"{hit.source} [{hit.figure}]" if hit.figure else hit.source
        cells = (hit.kind, hit.id, source, text[:120])
        table.add_row(f"{hit.score:.2f}", *(escape(cell) for cell in cells))
    console = Console()
    console.print(table)
    console.print(f"answerable {result.answerable:.2f}, {result.elapsed_ms:.0f} ms")
