"""Progress bars on stderr for the weights."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars

from voicebot.weights.fetch import Note, Progress, Tell


@contextmanager
def weights_progress() -> Iterator[Tell]:
    """A listener for the fetch: one bar a weight and step, and a line for every note."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeRemainingColumn(),
    )
    tasks: dict[tuple[str, str], TaskID] = {}
    lock = threading.Lock()
    with Bars(*columns, console=Console(stderr=True)) as bars:

        def tell(event: Progress | Note) -> None:
            if isinstance(event, Note):
                bars.console.print(event.text, highlight=False, markup=False)
                return
            with lock:
                key = (event.name, event.doing)
                if key not in tasks:
                    label = f"{event.name} {event.doing}"
                    tasks[key] = bars.add_task(label, total=event.total, amount="")
                amount = _amount(event)
                bars.update(tasks[key], completed=event.done, total=event.total, amount=amount)

        yield tell


def _amount(event: Progress) -> str:
    if event.doing == "fetching":
        return f"{event.done / 1e6:,.1f}/{event.total / 1e6:,.1f} MB"
    return f"{event.done}/{event.total}"
