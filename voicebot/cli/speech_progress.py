"""Prepared speech on the terminal: a bar while it is rendered, a table of what is there."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from voicebot.cli.screen import announce, out
from voicebot.errors import VoiceError
from voicebot.remote.breaker import Breaker
from voicebot.session.prepared import REPEATEDLY, Coverage, Wanted
from voicebot.speech.speaker import Speaker

THREADS = 2


def render_with_progress(speaker: Speaker, missing: Sequence[Wanted], console: Console) -> str:
    """Render what is `missing`, likeliest first. Ctrl-C ends it after the running clauses.

    So does a voice that fails repeatedly. Returns why something is left, "" if nothing failed.
    """
    if not missing:
        return ""
    with console.status("loading the voice"):
        speaker.warm_up()
    columns = (
        TextColumn("rendering"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    failed: list[str] = []
    failures = Breaker(failures=REPEATEDLY)
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=len(missing))
        stop = threading.Event()

        def work(wanted: Wanted) -> None:
            if stop.is_set():
                return
            try:
                speaker.prepare_clause(*wanted)
                failures.succeeded()
            except VoiceError as error:
                failed.append(str(error))
                if failures.failed():
                    stop.set()
            bar.advance(task)

        with ThreadPoolExecutor(THREADS) as threads:
            try:
                for _ in threads.map(work, missing):
                    pass
            except KeyboardInterrupt:
                stop.set()
                announce("interrupted; what is rendered is kept")
    return f"{len(failed)} clauses could not be rendered: {failed[-1]}" if failed else ""


def print_coverage(groups: Sequence[Coverage], kept_bytes: int, cache_mb: int) -> None:
    """One line a group and the whole, and how full the cache is."""
    table = Table(header_style="bold")
    for name in ("what is said", "clauses", "prepared", "left", "rate"):
        table.add_column(name, justify="left" if name == "what is said" else "right")
    total = Coverage("all", sum(g.clauses for g in groups), sum(g.at_hand for g in groups))
    for group in (*groups, total):
        left = group.clauses - group.at_hand
        cells = (group.clauses, group.at_hand, left)
        table.add_row(group.group, *map(str, cells), f"{group.rate:.1%}")
    out.print(table)
    out.print(f"cache: {kept_bytes / 1e6:.0f} MB of {cache_mb} MB")
