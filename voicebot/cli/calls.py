"""``voicebot calls``: the calls that were kept, as a list and one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicebot.cli import calls_data, calls_forms
from voicebot.cli.calls_eval import evaluate
from voicebot.cli.calls_options import ConfigOption, RecordsOption, open_records

if TYPE_CHECKING:
    from rich.console import Console

    from voicebot.records import CallRow, CallView, TurnView

JsonOption = Annotated[bool, typer.Option("--json", help="machine-readable, one object a line")]
_SLOW_MS = 1500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    calls = typer.Typer(
        name="calls", help="Look at the calls that were kept.", no_args_is_help=True
    )

    @calls.command("list")
    def list_calls(
        config: ConfigOption = None,
        records: RecordsOption = None,
        limit: Annotated[int, typer.Option(min=1, max=10_000, help="how many, newest first")] = 20,
        as_json: JsonOption = False,
    ) -> None:
        """List calls, newest first."""
        store = open_records(config, records)
        try:
            rows = store.list_calls(limit)
        finally:
            store.close()
        if as_json:
            for row in rows:
                print(json.dumps(asdict(row), ensure_ascii=False, default=str))
        else:
            _print_list(rows)

    @calls.command("show")
    def show_call(
        call_id: Annotated[str, typer.Argument(help="a call's id, or its first characters")],
        config: ConfigOption = None,
        records: RecordsOption = None,
        as_json: JsonOption = False,
    ) -> None:
        """Show one call: what was said, its sources and waits, the hand-off, the summary."""
        store = open_records(config, records)
        try:
            view = store.get_call(call_id)
        finally:
            store.close()
        if as_json:
            print(json.dumps(view.to_dict(), ensure_ascii=False, default=str))
        else:
            _print_call(view)

    calls_data.register(calls)
    calls_forms.register(calls)
    calls.command("eval")(evaluate)
    app.add_typer(calls)


def _console() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True)


def _print_list(rows: list[CallRow]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("id", "started (UTC)", "length", "caller", "pack", "outcome", "ended by"):
        table.add_column(title, no_wrap=True)
    for row in rows:
        table.add_row(
            row.id[:8],
            f"{row.started_at:%Y-%m-%d %H:%M:%S}",
            _length(row.duration_ms),
            escape(row.caller),
            escape(row.pack),
            _outcome(row.outcome),
            escape(row.hangup_by),
        )
    console = _console()
    console.print(table if rows else "no calls are kept here yet")


def _print_call(view: CallView) -> None:
    from rich.markup import escape

    console = _console()
    call = view.call
    console.print(
        f"[bold]call {call.id}[/bold]  {_outcome(call.outcome)}"
        + (f", ended by {escape(call.hangup_by)}" if call.hangup_by else "")
    )
    console.print(
        f"{call.started_at:%Y-%m-%d %H:%M:%S} UTC, {_length(call.duration_ms)}, "
        f"{escape(call.caller)} -> {escape(call.callee)}, {escape(call.codec) or 'no codec'}, "
        f"pack {escape(call.pack)}"
    )
    if call.quality:
        console.print(f"line {_quality(call.quality)}")
    if call.recording:
        console.print(f"recording {escape(call.recording)}")
    console.print()
    for turn in view.turns:
        _print_turn(console, turn)
    _print_troubles(console, view)
    _print_handoff(console, view)
    _print_summary(console, view)
    _print_waits(console, view)


def _quality(figures: Mapping[str, Any]) -> str:
    """What the network did to the call, in a line."""
    value = {key: float(figures.get(key) or 0) for key in ("loss_percent", "jitter_ms", "mos")}
    mos = f"MOS {value['mos']:.1f} (estimate, E-model)" if value["mos"] else "nothing came"
    return (
        f"{mos}, lost {value['loss_percent']:.1f} % of what the caller sent, "
        f"jitter {value['jitter_ms']:.0f} ms"
    )


def _print_turn(console: Console, turn: TurnView) -> None:
    from rich.markup import escape

    who = "[green]caller[/green]" if turn.who == "caller" else "[cyan]bot   [/cyan]"
    notes = [turn.kind] if turn.kind else []
    if turn.confidence is not None:
        notes.append(f"conf {turn.confidence:.2f}")
    if turn.since_caller_ms is not None:
        slow = turn.since_caller_ms > _SLOW_MS
        wait = f"{turn.since_caller_ms:.0f} ms"
        notes.append(f"[red]{wait}[/red]" if slow else wait)
    if turn.barged_in:
        notes.append("barged in")
    text = escape(turn.text) or "[dim](nothing understood)[/dim]"
    console.print(
        f"[dim]{_length(turn.at_ms)}[/dim]  {who}  {text}  [dim]{' · '.join(notes)}[/dim]"
    )
    for citation in turn.citations:
        console.print(f"               [dim]来源：{escape(str(citation.get('source', '')))}[/dim]")
    if turn.unheard:
        console.print(f"               [dim]cut off before: {escape(turn.unheard)}[/dim]")


def _print_troubles(console: Console, view: CallView) -> None:
    from rich.markup import escape

    for event in view.events:
        if event.kind == "trouble":
            what, then = (str(event.data.get(key, "")) for key in ("what", "consequence"))
            console.print(
                f"[dim]{_length(event.at_ms)}[/dim]  [red]trouble[/red] {escape(what)}; "
                f"{escape(then)}"
            )


def _print_handoff(console: Console, view: CallView) -> None:
    from rich.markup import escape

    handoff = view.handoff
    if handoff is None:
        return
    talk = "" if handoff.talk_ms is None else f", talked {_length(handoff.talk_ms)}"
    console.print(
        f"\n[bold]hand-off[/bold]  {_outcome(handoff.outcome)} {escape(handoff.seat)}  "
        f"(reason {escape(handoff.reason)}, summary {escape(handoff.summary_id)}{talk})"
    )
    for nth, attempt in enumerate(handoff.attempts, 1):
        code = attempt.get("sip_code")
        console.print(
            f"  {nth}. {escape(str(attempt.get('seat', '')))}: "
            f"{escape(str(attempt.get('outcome', '')))}" + (f" (SIP {code})" if code else "")
        )


def _print_summary(console: Console, view: CallView) -> None:
    from rich.markup import escape

    if not view.summary:
        return
    console.print(f"\n[bold]summary {escape(str(view.summary.get('id', '')))}[/bold]")
    for line in view.summary.get("lines", []):
        console.print(f"  {escape(str(line))}")


def _print_waits(console: Console, view: CallView) -> None:
    """Where the time went between the caller's last sound and the bot's first."""
    from rich.markup import escape

    waited = [turn for turn in view.turns if turn.since_caller_ms is not None]
    if not waited:
        return
    waits = sorted(turn.since_caller_ms or 0.0 for turn in waited)
    middle = waits[len(waits) // 2]
    console.print(
        f"\n[bold]waits[/bold]  {len(waits)} turns, median {middle:.0f} ms, longest "
        f"{waits[-1]:.0f} ms [dim](our clock; voicebot replay measures from the tape)[/dim]"
    )
    for turn in waited:
        stages = "  ".join(
            f"{escape(str(stage.get('stage', '')))} "
            f"{float(stage.get('start_ms', 0)):.0f}-{float(stage.get('end_ms', 0)):.0f}"
            + (f" ({escape(str(stage['note']))})" if stage.get("note") else "")
            for stage in turn.stages
        )
        console.print(
            f"  {_length(turn.at_ms)}  {turn.since_caller_ms:5.0f} ms  [dim]{stages}[/dim]"
        )


def _outcome(outcome: str) -> str:
    from rich.markup import escape

    good = outcome in ("answered", "accepted", "handed_off", "bot_ended", "caller_hung_up")
    colour = "green" if good else "yellow"
    return f"[{colour}]{escape(outcome)}[/{colour}]"


def _length(ms: float) -> str:
    minutes, seconds = divmod(ms / 1000, 60)
    return f"{int(minutes)}:{seconds:04.1f}"
