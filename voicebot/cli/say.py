"""``voicebot say``: hear what the bot's voice makes of a text."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from voicebot.settings import Settings
    from voicebot.speech.api import Clause, Pcm
    from voicebot.speech.speaker import Speaker

Codec = Literal["pcma", "pcm"]
STDOUT = Path("-")
DEFAULT_OUT = "say.wav"
MAX_INPUT_CHARS = 100_000
_SPEEDS = (0.5, 2.0)


@dataclass(frozen=True)
class Timing:
    """What a clause cost: seconds until its first sound and its last, CPU of all threads, and
    the sound that came of it."""

    first_s: float
    wall_s: float
    cpu_s: float
    sound_s: float


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def say(
        text: Annotated[str, typer.Argument(help="what to say, as it is written; -: from stdin")],
        out: Annotated[
            Path | None,
            typer.Option("-o", "--out", help="WAV file, 8 kHz mono; -: stdout; left out: say.wav"),
        ] = None,
        codec: Annotated[Codec, typer.Option(help="pcma: G.711 A-law; pcm: 16 bit")] = "pcm",
        voice: Annotated[str, typer.Option(help="e.g. zf_xiaobei, or espeak")] = "",
        speed: Annotated[float, typer.Option(help="0.5 to 2; 0: the pack's")] = 0.0,
        explain: Annotated[bool, typer.Option("--explain", help="show how it was read")] = False,
        config: Annotated[Path | None, typer.Option(help="TOML settings file")] = None,
    ) -> None:
        """Speak TEXT into a WAV file as a caller would hear it.

        With --explain the reading, the clauses, their phonemes and what each cost are shown on
        stderr.
        """
        from rich.console import Console

        from voicebot.errors import SettingsError
        from voicebot.settings import load_settings

        if speed and not _SPEEDS[0] <= speed <= _SPEEDS[1]:
            raise SettingsError(f"say: --speed: expected 0.5 to 2.0, or 0, got {speed:g}")
        overrides = {"speech.voice": voice or None, "speech.speed": speed or None}
        settings = load_settings(config, overrides=overrides)
        written = _read_stdin() if text == "-" else text
        console = Console(stderr=True, highlight=False, soft_wrap=True)
        _say(written, _place(out), codec, settings, console, explain)


def _read_stdin() -> str:
    from voicebot.errors import VoiceError

    try:
        return sys.stdin.read(MAX_INPUT_CHARS)
    except UnicodeDecodeError as error:
        encoding = sys.stdin.encoding
        raise VoiceError(f"say: expected {encoding} on stdin, got {error.reason}") from None


def _place(out: Path | None) -> Path:
    """Where to write: as asked, or a file of this folder that is not there yet.

    Raises AudioFileError for a folder that is none, before anything is synthesised.
    """
    from voicebot.errors import AudioFileError

    if out is None:
        place = Path(DEFAULT_OUT)
        names = (place.with_stem(f"{place.stem}-{nth}") for nth in range(2, 10_000))
        return next((each for each in (place, *names) if not each.exists()), place)
    if out != STDOUT and (out.is_dir() or not out.parent.is_dir()):
        got = "a folder" if out.is_dir() else f"no folder {out.parent}"
        raise AudioFileError(f"say: --out: expected a file to write, got {got}: {out}")
    return out


def _say(
    text: str, out: Path, codec: Codec, settings: Settings, console: Console, explain: bool
) -> None:
    import numpy as np

    from voicebot.cli.say_explain import show_reading, show_timings
    from voicebot.errors import VoiceError
    from voicebot.pack_loader import load_pack
    from voicebot.speech.api import LINE_RATE
    from voicebot.speech.build import build_reader, build_voice
    from voicebot.speech.reading import MAX_CHARS
    from voicebot.speech.speaker import Speaker

    pack = load_pack(settings.pack)
    terms = [term.term for term in pack.lexicon]
    reader = build_reader(settings, pack)
    # no cache: show the real cost
    speaker = Speaker(build_voice(settings, pack), terms=terms, reader=reader)
    clauses = speaker.clauses(text)
    if not clauses:
        raise VoiceError(f"say: expected something that can be said, got {text[:40]!r}")
    if len(text) > MAX_CHARS:
        console.print(f"say: {len(text)} characters; the first {MAX_CHARS} are said", markup=False)
    if explain:
        show_reading(console, reader, text, clauses)
    started_s = time.perf_counter()
    with console.status("loading the voice"):
        speaker.warm_up()
    loaded_s = time.perf_counter() - started_s
    parts: list[Pcm] = []
    timings: list[Timing] = []
    for clause in clauses:
        with console.status(f"clause {clause.index + 1} of {len(clauses)}"):
            pcm, timing = _timed(speaker, clause)
        timings.append(timing)
        parts += [pcm, np.zeros(LINE_RATE * clause.pause_ms // 1000, np.int16)]
    if explain:
        show_timings(console, clauses, timings, loaded_s)
    audio = np.concatenate(parts[:-1])
    _write(out, audio, codec)
    shown = "stdout" if out == STDOUT else str(out)
    console.print(f"{shown}: {len(audio) / LINE_RATE:.1f} s, voice {speaker.name}", markup=False)


def _timed(speaker: Speaker, clause: Clause) -> tuple[Pcm, Timing]:
    """A clause's sound and what it cost."""
    import numpy as np

    from voicebot.speech.api import LINE_RATE

    started_s, started_cpu_s = time.perf_counter(), time.process_time()
    first_s, parts = 0.0, [np.zeros(0, np.int16)]
    for pcm in _pieces(speaker, clause):
        if len(pcm) and not first_s:
            first_s = time.perf_counter() - started_s
        parts.append(pcm)
    sound = np.concatenate(parts)
    wall_s, cpu_s = time.perf_counter() - started_s, time.process_time() - started_cpu_s
    return sound, Timing(first_s, wall_s, cpu_s, len(sound) / LINE_RATE)


def _pieces(speaker: Speaker, clause: Clause) -> Iterator[Pcm]:
    """The clause as it is made."""
    from voicebot.speech.speaker import OFFLINE_TIMEOUT_S

    for spoken in speaker.stream(clause, timeout_s=OFFLINE_TIMEOUT_S):
        yield spoken.pcm


def _write(out: Path, audio: Pcm, codec: Codec) -> None:
    from asr_models.wav import wav_bytes
    from voicebot.errors import AudioFileError
    from voicebot.speech.api import LINE_RATE

    data = wav_bytes(audio, LINE_RATE, encoding="alaw" if codec == "pcma" else "pcm16")
    try:
        if out == STDOUT:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            out.write_bytes(data)
    except OSError as error:
        raise AudioFileError(f"say: cannot write {out}: {error.strerror}") from None
