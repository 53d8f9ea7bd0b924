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
from voicebot.session.prepared import Coverage
from voicebot.speech.api import Clause
from voicebot.speech.speaker import Speaker

THREADS = 2


def render_with_progress(speaker: Speaker, texts: Sequence[str], console: Console) -> None:
    """Render what is not at hand, likeliest first. Ctrl-C ends it after the running clauses."""
    missing = [c for c in speaker.fixed(texts) if speaker.cached(c) is None]
    if not missing:
        return
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
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("", total=len(missing))
        stop = threading.Event()

        def work(clause: Clause) -> None:
            if not stop.is_set():
                try:
                    speaker.prepare_clause(clause)
                except VoiceError as error:
                    failed.append(str(error))
                bar.advance(task)

        with ThreadPoolExecutor(THREADS) as threads:
            try:
                for _ in threads.map(work, missing):
                    pass
            except KeyboardInterrupt:
                stop.set()
                announce("interrupted; what is rendered is kept")
    if failed:
        announce(f"{len(failed)} clauses could not be rendered; the first: {failed[0]}")


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
