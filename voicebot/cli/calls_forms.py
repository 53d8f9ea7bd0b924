"""``voicebot calls form`` and ``calls forms``: wrap-up forms, and what seats made of them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicebot.cli.calls_options import ConfigOption, RecordsOption, open_records

if TYPE_CHECKING:
    from voicebot.records import Records, TurnView
    from voicebot.records.forms import StoredForm


def register(calls: typer.Typer) -> None:
    """Add the commands to the group ``calls``."""
    calls.command("form")(form)
    forms = typer.Typer(name="forms", help="Wrap-up forms.", no_args_is_help=True)
    forms.command("export")(export)
    forms.command("adoption")(adoption)
    calls.add_typer(forms)


def form(
    call_id: Annotated[str, typer.Argument(help="a call's id, or its first characters")],
    config: ConfigOption = None,
    records: RecordsOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="machine-readable")] = False,
    phrase: Annotated[bool, typer.Option(help="let the settings' model word a summary")] = False,
) -> None:
    """Show a call's wrap-up form: what was drafted, what a seat left in it."""
    from voicebot.errors import NoSuchCallError

    store = open_records(config, records)
    try:
        view = store.get_call(call_id)
        whole_id = view.call.id
        kept = store.forms.get(whole_id)
    finally:
        store.close()
    if kept is None:
        raise NoSuchCallError(f"calls: {whole_id[:8]} has no form: nothing was said in it")
    if as_json:
        accepted = dict(kept.accepted) if kept.accepted is not None else None
        print(
            json.dumps({**kept.draft, "accepted": accepted, "seat": kept.seat}, ensure_ascii=False)
        )
        return
    for line in _lines(kept):
        typer.echo(line)
    typer.echo(f"accepted by {kept.seat}" if kept.accepted is not None else "not accepted yet")
    if phrase:
        _phrase(config, view.turns)


def _phrase(config: Path | None, turns: Sequence[TurnView]) -> None:
    from voicebot.errors import LanguageError
    from voicebot.language.build import build_engine
    from voicebot.settings import load_settings
    from voicebot.wrapup.phrasing import phrased

    settings = load_settings(config)
    if settings.language.engine == "none":
        raise LanguageError('calls form: --phrase: no model is set; language.engine is "none"')
    engine = build_engine(settings.language, settings.models)
    try:
        draft = phrased(engine, turns)
    finally:
        engine.close()
    typer.echo(f"worded by {engine.name}: {draft.text or 'nothing that stands'}")
    for each in draft.dropped:
        typer.echo(f"  dropped, not in the call ({', '.join(each.claims)}): {each.sentence}")


def _lines(kept: StoredForm) -> Iterator[str]:
    """A field a line, as the seat left it, else as it was drafted."""
    drafted = {each["key"]: each for each in kept.draft["fields"]}
    for key, label in kept.draft["labels"].items():
        draft = drafted.get(key)
        value = draft["value"] if draft else ""
        left = value if kept.accepted is None else kept.accepted.get(key, "")
        if not (left or value):
            continue
        backed = ""
        if draft:
            where = "the call" if draft["turn"] is None else f"turn {draft['turn']}"
            backed = f"  [{draft['confidence']:.2f}, {where}]"
        changed = f"  (drafted: {value or 'nothing'})" if left != value else ""
        yield f"{label}：{left}{backed}{changed}"


def export(
    out: Annotated[Path, typer.Argument(help="the file to write, one form a line (JSON)")],
    config: ConfigOption = None,
    records: RecordsOption = None,
    since: Annotated[datetime | None, typer.Option(help="calls from this day on (UTC)")] = None,
    until: Annotated[datetime | None, typer.Option(help="up to this day, not with it")] = None,
) -> None:
    """Write the accepted forms as training pairs: the talk, the draft, what the seat left."""
    from voicebot.errors import RecordsError

    store = open_records(config, records)
    count = edited = 0
    try:
        with out.open("x", encoding="utf-8") as file:
            for pair in _pairs(store, _utc(since), _utc(until)):
                file.write(json.dumps(pair, ensure_ascii=False) + "\n")
                count += 1
                edited += bool(pair["edits"])
    except OSError as error:
        raise RecordsError(f"calls: cannot write {out}: {error.strerror}") from None
    finally:
        store.close()
    typer.echo(f"{count} accepted forms written to {out}, {edited} of them edited")


def adoption(config: ConfigOption = None, records: RecordsOption = None) -> None:
    """How many suggestions of each kind seats used, dismissed, or let pass."""
    store = open_records(config, records)
    try:
        counts = store.suggestions.adoption()
    finally:
        store.close()
    for kind in sorted({kind for kind, _ in counts}):
        verdicts = {verdict: n for (of, verdict), n in counts.items() if of == kind}
        total = sum(verdicts.values())
        told = ", ".join(f"{verdict} {n}" for verdict, n in sorted(verdicts.items()))
        typer.echo(f"{kind}: {total} ({told})")
    if not counts:
        typer.echo("no suggestion was shown yet")


def _pairs(
    store: Records, since: datetime | None, until: datetime | None
) -> Iterator[dict[str, Any]]:
    for kept in store.forms.accepted(since, until):
        view = store.get_call(kept.call_id)
        yield {
            "call_id": kept.call_id,
            "turns": [{"role": turn.who, "text": turn.text} for turn in view.turns],
            "draft": kept.drafted(),
            "accepted": dict(kept.accepted or {}),
            "edits": {key: list(pair) for key, pair in kept.edits().items()},
            "seat": kept.seat,
        }


def _utc(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment else None
