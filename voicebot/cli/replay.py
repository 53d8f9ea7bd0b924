"""``voicebot replay``: recordings through the same code, faster than real time."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicebot.cli.screen import announce, build_with_progress, out, print_event

if TYPE_CHECKING:
    from voicebot.replay.render import Replayed


# A caller takes this long to begin after the greeting.
LISTENED_MS = 500


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def replay(
        wavs: Annotated[list[Path], typer.Argument(help="mono caller audio, or stereo tapes")],
        json_: Annotated[bool, typer.Option("--json", help="one JSON object a file")] = False,
        report: Annotated[Path | None, typer.Option(help="write an HTML report here")] = None,
        config: Annotated[Path | None, typer.Option(help="TOML settings file")] = None,
        pack: Annotated[Path | None, typer.Option(help="the company's pack")] = None,
    ) -> None:
        """Play recordings as calls; print transcript and timings measured from the new tape.

        Of a stereo recording the left channel is the caller, with its own times; a mono line is
        said after the greeting.
        """
        from voicebot.replay.render import write_report
        from voicebot.replay.run import load_caller, replay_call
        from voicebot.settings import load_settings

        for path in wavs:
            load_caller(path)  # a file that is no recording is told before the models load
        settings = load_settings(config, overrides={"pack": pack})
        parts = build_with_progress(settings, records=False)
        done: list[Replayed] = []
        try:
            lead_ms = parts.greeting_ms() + LISTENED_MS
            for path in wavs:
                pcm = load_caller(path, lead_ms)
                if not json_:
                    out.print(f"[bold]{path}[/bold]")
                call = replay_call(
                    parts.session,
                    lambda: parts.scheduler.in_flight > 0,
                    path.name,
                    pcm,
                    None if json_ else print_event,
                )
                done.append(call)
                if json_:
                    print(call.to_json(), flush=True)
                else:
                    _summary(call)
        finally:
            parts.close()
        if report is not None:
            write_report(done, report)
            announce(f"report: {report}")


def _summary(call: Replayed) -> None:
    latency = call.latency()
    speed = call.audio_s / max(call.wall_s, 0.001)
    out.print(
        f"{call.audio_s:.1f} s of call in {call.wall_s:.1f} s ({speed:.1f} times real time); "
        f"{latency['replies']} replies, p50 {latency['p50_ms']} ms, p95 {latency['p95_ms']} ms\n"
    )
