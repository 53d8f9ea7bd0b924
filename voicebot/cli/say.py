"""``voicebot say``: hear what the bot's voice makes of a text."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from voicebot.settings import Settings
    from voicebot.speech.reading import Reader

Codec = Literal["pcma", "pcm"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def say(
        text: Annotated[str, typer.Argument(help="what to say, as it is written")],
        out: Annotated[Path, typer.Option("-o", "--out", help="WAV file to write, 8 kHz mono")],
        codec: Annotated[Codec, typer.Option(help="pcma: G.711 A-law; pcm: 16 bit")] = "pcm",
        voice: Annotated[str, typer.Option(help="e.g. zf_xiaobei, or espeak")] = "",
        speed: Annotated[float, typer.Option(min=0.0, max=2.0, help="0: the pack's")] = 0.0,
        explain: Annotated[bool, typer.Option("--explain", help="show how it was read")] = False,
        config: Annotated[Path | None, typer.Option(help="TOML settings file")] = None,
    ) -> None:
        """Speak TEXT into a WAV file as a caller would hear it.

        With --explain the reading, the clauses and their times are shown on stderr.
        """
        from rich.console import Console

        from voicebot.settings import load_settings

        overrides = {"speech.voice": voice or None, "speech.speed": speed or None}
        settings = load_settings(config, overrides=overrides)
        _say(
            text,
            out,
            codec,
            settings,
            Console(stderr=True, highlight=False, soft_wrap=True),
            explain,
        )


def _say(
    text: str, out: Path, codec: Codec, settings: Settings, console: Console, explain: bool
) -> None:
    import numpy as np

    from asr_models.wav import write_wav
    from voicebot.errors import AudioFileError, VoiceError
    from voicebot.pack_loader import load_pack
    from voicebot.speech.api import LINE_RATE
    from voicebot.speech.build import build_voice
    from voicebot.speech.reading import Reader
    from voicebot.speech.speaker import OFFLINE_TIMEOUT_S, Speaker

    pack = load_pack(settings.pack)
    if explain:
        _show_reading(
            console, Reader(pack.lexicon, rules=pack.reading, links=settings.speech.links), text
        )
    terms = [term.term for term in pack.lexicon]
    speaker = Speaker(build_voice(settings, pack), terms=terms)  # no cache: show the real cost
    clauses = speaker.clauses(text)
    if not clauses:
        raise VoiceError(f"say: expected something that can be said, got {text[:40]!r}")
    parts = []
    with console.status("loading the voice"):
        speaker.warm_up()
    for clause in clauses:
        started_s, started_cpu_s = time.perf_counter(), time.thread_time()
        with console.status(f"clause {clause.index + 1} of {len(clauses)}"):
            pcm = speaker.render(clause, timeout_s=OFFLINE_TIMEOUT_S)
        if explain:
            wall_s, cpu_s = time.perf_counter() - started_s, time.thread_time() - started_cpu_s
            console.print(
                f"clause {clause.index + 1}: {clause.text}  "
                f"({len(pcm) / LINE_RATE:.2f} s + {clause.pause_ms} ms pause; "
                f"{wall_s:.2f} s wall, {cpu_s:.2f} s CPU)",
                markup=False,
            )
        parts += [pcm, np.zeros(LINE_RATE * clause.pause_ms // 1000, np.int16)]
    audio = np.concatenate(parts[:-1])
    try:
        write_wav(out, audio, LINE_RATE, encoding="alaw" if codec == "pcma" else "pcm16")
    except OSError as error:
        raise AudioFileError(f"say: cannot write {out}: {error.strerror}") from None
    console.print(f"{out}: {len(audio) / LINE_RATE:.1f} s, voice {speaker.name}", markup=False)


def _show_reading(console: Console, reader: Reader, text: str) -> None:
    console.print(f"reading: {reader.read(text)}", markup=False)
    for step in reader.explain(text):
        console.print(f"  {step.rule}: {step.written} -> {step.spoken}", markup=False)
