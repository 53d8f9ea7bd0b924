"""``voicebot drafts``: what might be added to the pack, for people to accept, edit or reject."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicebot.cli.calls_options import ConfigOption, RecordsOption, open_records
from voicebot.cli.drafts_similar import similar
from voicebot.cli.pack_versions import ByOption, me, steps

if TYPE_CHECKING:
    from voicebot.workshop.drafts import Draft

PackOption = Annotated[
    Path | None, typer.Option("--pack", help="the pack; left out: the settings' one")
]
WhyOption = Annotated[str, typer.Option("--why", help="the reason; it is kept with the draft")]
Ids = Annotated[list[str], typer.Argument(help="ids of drafts, or their first 4 characters")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Drafts: FAQ and similar questions to add to the pack.")
    for name, command in (
        ("mine", mine),
        ("similar", similar),
        ("list", list_),
        ("accept", accept),
        ("edit", edit),
        ("reject", reject),
    ):
        group.command(name)(command)
    app.add_typer(group, name="drafts", no_args_is_help=True)


def mine(
    config: ConfigOption = None,
    records: RecordsOption = None,
    pack: PackOption = None,
    since: Annotated[datetime | None, typer.Option(help="calls from this day on (UTC)")] = None,
    at_least: Annotated[int, typer.Option(min=1, help="how often it must have been asked")] = 1,
) -> None:
    """Draft FAQ and similar questions of what callers asked in kept calls and was refused, handed
    off, or answered without being sure."""
    from voicebot.knowledge.build import build_knowledge
    from voicebot.pack_loader import load_pack
    from voicebot.settings import load_settings
    from voicebot.workshop import mining

    settings = load_settings(config)
    loaded = load_pack(pack or settings.pack)
    store = open_records(config, records)
    try:
        ids = store.ids_between(since.replace(tzinfo=UTC) if since else None, None)
        with counted() as count:
            knowledge = build_knowledge(settings, loaded, lambda what, _: count(what, 0, 0))

            def step(stage: str, done: int, total: int) -> None:
                count(stage, done, len(ids) if stage == "calls" else total)

            views = (store.get_call(call_id) for call_id in ids)
            found = mining.mine(
                views, loaded, knowledge, store.drafts, at_least=at_least, step=step
            )
    finally:
        store.close()
    typer.echo(
        f"{found.calls} calls, {found.asked} questions without a good answer, {found.groups} "
        f"different ones: {len(found.new)} new drafts, {found.renewed} asked again, "
        f"{found.decided} decided before" + (f", {found.rare} too rare" if found.rare else "")
    )
    unanswered = sum(not each.answer for each in found.new if each.kind == "faq")
    if unanswered:
        typer.echo(f"{unanswered} have no answer in the documents: an expert is to write it")


def list_(
    config: ConfigOption = None,
    records: RecordsOption = None,
    state: Annotated[str, typer.Option(help="proposed, accepted, rejected or all")] = "proposed",
    kind: Annotated[str, typer.Option(help="faq or similar; left out: both")] = "",
    pack: PackOption = None,
    every: Annotated[bool, typer.Option("--all", help="those of all packs in this store")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 50,
    as_json: Annotated[bool, typer.Option("--json", help="one JSON object a line")] = False,
) -> None:
    """List the drafts of the pack in use, what callers asked most often first."""
    from voicebot.errors import RecordsError
    from voicebot.settings import load_settings
    from voicebot.workshop.drafts import DraftKind, DraftState
    from voicebot.workshop.editing import PackEditor

    for given, known in ((state, [*DraftState, "all"]), (kind, [*DraftKind, ""])):
        if given not in known:
            raise RecordsError(f"drafts: expected one of {', '.join(known)}; got {given[:40]!r}")
    name = "" if every else PackEditor(pack or load_settings(config).pack).pack_name()
    store = open_records(config, records)
    try:
        wanted = None if state == "all" else state
        found = store.drafts.list(wanted, pack=name, kind=kind, limit=limit)
    finally:
        store.close()
    for draft in found:
        if as_json:
            print(json.dumps(asdict(draft), ensure_ascii=False, default=str))
        else:
            _show(draft)
    if not found and not as_json:
        here = "none" if every else f"none of the pack {name} (--all: of all packs)"
        typer.echo(f"{here}; voicebot drafts mine and voicebot drafts similar make them")


def accept(
    ids: Ids,
    config: ConfigOption = None,
    records: RecordsOption = None,
    pack: PackOption = None,
    by: ByOption = "",
    why: WhyOption = "",
) -> None:
    """Write drafts into the pack, check it with them, and make it live as one version."""
    from voicebot.settings import load_settings
    from voicebot.workshop import acceptance
    from voicebot.workshop.editing import PackEditor

    editor = PackEditor(pack or load_settings(config).pack)
    store = open_records(config, records)
    try:
        with steps("accepting") as step:
            done = acceptance.accept(store.drafts, editor, ids, by or me(), why, step)
    finally:
        store.close()
    live = f"live in version {done.version.number}" if done.version else "in the pack already"
    typer.echo(f"{len(done.drafts)} accepted, {live}")


def edit(
    draft_id: Annotated[str, typer.Argument(help="a draft's id, or its first characters")],
    question: Annotated[str, typer.Option(help="the question in better words")] = "",
    answer: Annotated[str | None, typer.Option(help="the answer, as an expert gives it")] = None,
    config: ConfigOption = None,
    records: RecordsOption = None,
    by: ByOption = "",
) -> None:
    """Change the words of a proposed draft; what was drafted at first is kept beside."""
    store = open_records(config, records)
    try:
        draft = store.drafts.edit(draft_id, by or me(), question=question, answer=answer)
    finally:
        store.close()
    _show(draft)


def reject(
    ids: Ids,
    config: ConfigOption = None,
    records: RecordsOption = None,
    by: ByOption = "",
    why: WhyOption = "",
) -> None:
    """Reject drafts; the same will not be proposed again."""
    store = open_records(config, records)
    try:
        for each in ids:
            store.drafts.reject(each, by or me(), why)
    finally:
        store.close()
    typer.echo(f"{len(ids)} rejected")


@contextmanager
def counted() -> Iterator[Callable[[str, int, int], None]]:
    """A bar on stderr that says which stage it counts."""
    from rich.progress import Progress

    from voicebot.cli.screen import console

    with Progress(console=console, transient=True) as bars:
        task = bars.add_task("", total=None)

        def count(stage: str, done: int, total: int) -> None:
            bars.update(task, description=stage, completed=done, total=total or None)

        yield count


def _show(draft: Draft) -> None:
    from rich.markup import escape

    from voicebot.cli.screen import out

    calls = f"asked {draft.count} times" if draft.count else f"by {draft.origin}"
    near = f", near {draft.near_entry} ({draft.nearness:.2f})" if draft.near_entry else ""
    out.print(
        f"[bold]{draft.id[:8]}[/bold]  {draft.kind}  {draft.state}  {calls}{escape(near)}, "
        f"order {draft.confidence:.2f}\n  [bold]{escape(draft.question)}[/bold]"
    )
    if draft.kind == "faq":
        answer = escape(draft.answer) or "[dim](no answer: an expert is to write it)[/dim]"
        source = f"  [dim]来源：{escape(draft.answer_source)}[/dim]" if draft.answer_source else ""
        out.print(f"  {answer}{source}")
    if draft.source_calls:
        out.print(f"  [dim]calls {', '.join(call[:8] for call in draft.source_calls[:8])}[/dim]")
    if draft.decided_by:
        when = f"{draft.decided_at:%Y-%m-%d %H:%M}" if draft.decided_at else ""
        out.print(f"  [dim]{when} {escape(draft.decided_by)} {escape(draft.why)}[/dim]")
