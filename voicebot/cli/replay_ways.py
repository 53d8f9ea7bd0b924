"""Builds what a run of the bench needs: a bot on a virtual clock, or one in its own process."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import cast

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from asr_models import StreamingRecognizer
from voicebot.cli.screen import announce, build_with_progress, console
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.replay.bench import Keeper, Timing, Way, play_all
from voicebot.replay.costs import Costs
from voicebot.replay.fast_way import FastWay
from voicebot.replay.judge import Judge
from voicebot.replay.results import CallResult, Run
from voicebot.replay.script import Script
from voicebot.replay.voicing import Voicing
from voicebot.replay.wire import WireWay, serving
from voicebot.settings import Settings


def run_bench(
    scripts: Sequence[Script],
    settings: Settings,
    costs: Costs,
    folder: Path,
    *,
    wire: bool,
    at_once: int = 1,
    told: Callable[[CallResult], None],
    arguments: tuple[str, ...] = (),
) -> tuple[Run, Timing]:
    """Play `scripts`, keep results in `folder`, tell of each call; a bar shows how far it is.

    `at_once` calls ring together, with `wire`.
    Interrupted (Ctrl-C), what was played is kept. Raises VoicebotError if no bot can be built.
    """
    with contextlib.ExitStack() as stack:
        if wire:
            pack = load_pack(settings.pack)
            announce("starting the bot")
            signal.signal(signal.SIGTERM, _leave)
            bot = stack.enter_context(serving(arguments))
            way: Way = WireWay(bot, at_once)
        else:
            fast, pack = stack.enter_context(fast_way(settings, costs))
            way = fast
        voicing = Voicing(settings, pack)
        kept = settings.model_dump(mode="json", include={"turns", "budget", "asr", "handoff"})
        kept["replay"] = {"at_once": way.at_once}
        keeper = Keeper(folder, way.name, kept, tapes=True)
        bar = stack.enter_context(_bar())
        task = bar.add_task("calls", total=len(scripts))

        def tell(result: CallResult) -> None:
            bar.advance(task)
            told(result)

        return play_all(scripts, way, voicing, judge_of(pack, costs), keeper, tell)


def _leave(number: int, frame: object) -> None:
    """Told to end: unwinding stops the bot, which would live on otherwise."""
    sys.exit(128 + number)


@contextlib.contextmanager
def fast_way(settings: Settings, costs: Costs) -> Iterator[tuple[FastWay, Pack]]:
    """A bot on the virtual clock."""
    app = build_with_progress(settings, records=False, prepare=lambda texts: ())
    try:
        ears = cast(StreamingRecognizer, app.recognizer)  # `build_recognizer` makes no other
        way = FastWay(app.with_parts, ears, app.speaker, settings, costs, app.texts.all)
        try:
            yield way, app.pack
        finally:
            way.close()
    finally:
        app.close()


def judge_of(pack: Pack, costs: Costs) -> Judge:
    """Knows the pack's terms, and what it says word for word."""
    prompts = (text for texts in pack.prompts.variants.values() for text in texts)
    return Judge((term.term for term in pack.lexicon), prompts, costs.stage_ms("search"))


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
    )
