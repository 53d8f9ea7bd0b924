"""``voicebot kb inspect``: what an index holds of a file, passage by passage."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from voicebot.knowledge.entry import Entry, Passage
    from voicebot.knowledge.ingest import FileReport

_CUT_CHARS = 60  # of a neighbour's text


def inspect(
    wanted: Annotated[str, typer.Argument(metavar="ID|FILE", help="a passage, a FAQ or a file")],
    index: Annotated[Path, typer.Option("--index", help="index folder")],
    lines: Annotated[
        bool, typer.Option("--jsonl", help="one passage a line, for programs")
    ] = False,
) -> None:
    """Show what was recovered from a FILE, or one passage (ID) between its neighbours.

    No embedder is loaded: page, kind and tokens were noted when the file was read.
    """
    from voicebot.errors import KnowledgeError
    from voicebot.knowledge import index as on_disk
    from voicebot.knowledge.inspect import inspect as find

    sources, entries = on_disk.contents(index)
    faq = [entry for entry in entries if entry.id == wanted and entry.kind == "faq"]
    if faq:
        _show_faq(faq, lines)
        return
    try:
        found = find(sources, wanted)
    except KnowledgeError as error:
        on_disk_path = Path(wanted).exists()
        tail = "; the file is there: run `voicebot kb ingest` with it" if on_disk_path else ""
        raise KnowledgeError(f"{error}{tail}") from None
    if lines:
        for place in found.chosen:
            typer.echo(json.dumps(asdict(found.passages[place]), ensure_ascii=False))
        return
    if len(found.chosen) == len(found.source.passages):
        _show_report(found.source.name, found.source.report)
    for place, passage in enumerate(found.passages):
        _show(passage, index, neighbour=place not in found.chosen)


def _show_report(name: str, report: FileReport) -> None:
    counts = (("pages", report.pages), ("tables", report.tables), ("figures", report.figures))
    typer.echo(f"{name}  ({report.path})")
    known = [f"{what} {count}" for what, count in counts if count]
    typer.echo("  " + ", ".join([*known, f"passages {report.passages}"]))
    for problem in report.problems:
        typer.echo(f"  not recovered: {problem}")
    for note in report.notes:
        typer.echo(f"  left out: {note}")


def _show(passage: Passage, index: Path, *, neighbour: bool) -> None:
    from voicebot.knowledge.index import PICTURES

    place = f"page {passage.page}, " if passage.page else ""
    typer.echo("")
    typer.echo(f"{passage.id}  {place}{passage.kind}, {passage.tokens} tokens")
    if passage.title:
        typer.echo(f"  [{passage.title}]")
    if passage.figure:
        typer.echo(f"  picture: {index / PICTURES / passage.figure}")
    text = passage.text
    if neighbour:
        flat = " ".join(text.split())
        text = flat[:_CUT_CHARS] + ("…" if len(flat) > _CUT_CHARS else "")
        typer.echo(f"  … {text}")
        return
    for line in text.splitlines():
        typer.echo(f"  {line}")


def _show_faq(entries: list[Entry], lines: bool) -> None:
    first = entries[0]
    similar = [e.match for e in entries if e.role == "question" and e.match != first.title]
    fields = {
        "id": first.id,
        "question": first.title,
        "similar": similar,
        "answer": first.text,
        "product": first.product,
        "from": first.valid_from,
        "until": first.valid_until,
        "source": first.source,
    }
    if lines:
        typer.echo(json.dumps(fields, ensure_ascii=False))
        return
    typer.echo(f"{first.id}  FAQ, approved")
    for name, value in fields.items():
        if value and name != "id":
            shown = "；".join(value) if isinstance(value, list) else value
            typer.echo(f"  {name}: {shown}")
