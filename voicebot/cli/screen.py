"""What commands print for people: one line an event, and the start-up's progress.

Progress and messages go to stderr, so that stdout stays machine-readable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from voicebot.records.masking import mask, mask_number
from voicebot.session import events as facts

if TYPE_CHECKING:
    from voicebot.app import App, Prepare
    from voicebot.settings import Settings

console = Console(stderr=True, highlight=False)
out = Console(highlight=False)


def announce(text: str) -> None:
    """One message line for the person at the terminal; `text` may hold a caller's words."""
    console.print(text, markup=False)


def build_with_progress(
    settings: Settings, *, records: bool = True, prepare: Prepare | None = None
) -> App:
    """Build the app, naming each step while it runs; see `App.build`."""
    from voicebot.app import App

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TextColumn("{task.fields[state]}"),
        BarColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as progress:
        task = progress.add_task("starting", total=None, state="")

        def step(what: str, state: str = "") -> None:
            done, slash, total = state.partition("/")
            counted = bool(slash) and done.isdigit() and total.split(" ")[0].isdigit()
            progress.update(
                task,
                description=what,
                state=state,
                completed=int(done) if counted else 0,
                total=int(total.split(" ")[0]) if counted else None,
            )

        return App.build(settings, step=step, with_records=records, prepare=prepare)


def print_event(event: facts.SessionEvent) -> None:
    """One line: time, who, text, confidence, ms since the caller's last sound.

    Masked like the records: what is printed may end in a log file.
    """
    line = mask(event_line(event))
    if line:
        out.print(line, soft_wrap=True)


def event_line(event: facts.SessionEvent) -> str:
    """The event as one line of rich markup; empty for what only records care about."""
    who, text = _who_and_text(event)
    if not who:
        return ""
    seconds = event.at_ms / 1000
    return f"[dim]{seconds:7.2f}s[/dim]  {who}  {text}"


def _who_and_text(event: facts.SessionEvent) -> tuple[str, str]:
    match event:
        case facts.CallAnswered():
            return (
                "[bold]line  [/bold]",
                f"answered a call from {escape(mask_number(event.caller))}",
            )
        case facts.CallerSpoke():
            text = (
                escape(event.text) if event.text else f"[dim]（{event.rejected or '无声'}）[/dim]"
            )
            mark = " [yellow]打断[/yellow]" if event.barged_in else ""
            return "[green]caller[/green]", f"{text}{mark}  [dim]conf {event.confidence:.2f}[/dim]"
        case facts.BotSpoke():
            wait = "" if event.since_caller_ms is None else f" · +{event.since_caller_ms} ms"
            tail = f"[dim]{event.kind} · conf {event.confidence:.2f}{wait}[/dim]"
            cites = "".join(
                f"\n{'':11}[dim]        依据：{escape(c['source'])}[/dim]" for c in event.citations
            )
            return "[blue]bot   [/blue]", f"{escape(event.text)}  {tail}{cites}"
        case facts.BotInterrupted():
            return (
                "[yellow]bot   [/yellow]",
                f"[dim]stopped; unheard: {escape(event.unheard)}[/dim]",
            )
        case facts.ListenerSignal():
            said = escape(event.text) or "（无声）"
            return "[green]caller[/green]", f"[dim]over the bot, which goes on: {said}[/dim]"
        case facts.BotResumed():
            return "[yellow]bot   [/yellow]", "[dim]says again what was cut off[/dim]"
        case facts.DigitPressed():
            return "[green]caller[/green]", f"pressed {escape(event.digit)}"
        case facts.CallHeld():
            return "[green]caller[/green]", "put us on hold"
        case facts.CallResumed():
            return "[green]caller[/green]", f"is back after {event.held_ms / 1000:.1f} s"
        case facts.RecordingStopped():
            return "[green]caller[/green]", f"wishes no recording ({escape(event.by)})"
        case facts.HandoffStarted():
            return (
                "[magenta]desk  [/magenta]",
                f"bringing a human ({escape(event.reason)}), summary {event.summary_id}",
            )
        case facts.SeatRang():
            return "[magenta]desk  [/magenta]", f"seat {escape(event.seat)}: {event.outcome}"
        case facts.HandoffFinished():
            return "[magenta]desk  [/magenta]", f"hand-off {event.outcome} {escape(event.seat)}"
        case facts.SeatSpoke():
            conf = f"[dim]conf {event.confidence:.2f}[/dim]"
            return "[magenta]seat  [/magenta]", f"{escape(event.text)}  {conf}"
        case facts.SupervisorActed():
            done = "" if event.ok else f" [dim]in vain: {escape(event.why)}[/dim]"
            what = f"{event.action} by {escape(event.by)}: {escape(event.text)}{done}"
            return "[magenta]desk  [/magenta]", what
        case facts.BridgeEnded():
            return (
                "[magenta]desk  [/magenta]",
                f"talk of {event.talk_ms / 1000:.1f} s ended by {event.ended_by}",
            )
        case facts.Trouble():
            return "[red]bot   [/red]", f"{escape(event.what)}; {escape(event.consequence)}"
        case facts.CallQuality():
            return (
                "[bold]line  [/bold]",
                f"MOS {event.mos:.1f}, lost {event.loss_percent:.1f} %, "
                f"jitter {event.jitter_ms:.0f} ms",
            )
        case facts.CallEnded():
            return "[bold]line  [/bold]", f"call ended by {event.by}: {event.outcome}"
        case _:
            return "", ""
