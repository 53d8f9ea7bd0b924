"""``voicebot transcribe``: what the ears make of recordings, as they would on the phone."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from asr_models import Recognition
    from asr_models.gated import GatedRecognizer
    from voicebot.settings import Settings

Channel = Literal["mix", "left", "right"]


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def transcribe(
        paths: Annotated[
            list[Path], typer.Argument(metavar="WAV…", help="WAV files, or folders of them")
        ],
        jsonl: Annotated[bool, typer.Option("--jsonl", help="one JSON object a file")] = False,
        prompt: Annotated[str, typer.Option(help="domain context, in Chinese")] = "",
        channel: Annotated[Channel, typer.Option(help="which channel of a stereo file")] = "mix",
        config: Annotated[Path | None, typer.Option(help="TOML settings file")] = None,
    ) -> None:
        """Recognize recordings after taking them through a telephone's codec (8 kHz A-law).

        Non-speech gives an empty text. A file that cannot be read is named on stderr, the
        others go on, and the exit status is 2.
        """
        from voicebot.settings import load_settings

        recognizer = _load_ears(load_settings(config))
        failed = False
        for path, heard in _recognize_all(recognizer, paths, prompt, channel):
            if isinstance(heard, str):
                failed = True
                print(f"voicebot: {heard}", file=sys.stderr)
            elif jsonl:
                print(_json_line(path, heard), flush=True)
            else:
                print(f"{path}\t{heard.text}", flush=True)
        if failed:
            raise typer.Exit(2)


def _load_ears(settings: Settings) -> GatedRecognizer:
    from asr_models.gated import GatedRecognizer
    from asr_models.silero import SileroVad
    from voicebot.ears import build_recognizer
    from voicebot.pack_loader import load_pack
    from voicebot.weights import locate

    vad_folder = locate("silero-vad", settings.models)
    # Hotwords are of use to FunASR alone, and only it needs the pack here.
    pack = load_pack(settings.pack) if settings.asr.engine == "funasr" else None
    recognizer = build_recognizer(settings, pack)
    return GatedRecognizer(recognizer, SileroVad(vad_folder / "silero_vad.onnx"))


def _recognize_all(
    recognizer: GatedRecognizer, paths: list[Path], prompt: str, channel: Channel
) -> Iterator[tuple[Path, Recognition | str]]:
    """Yield each file with its recognition, or with one line saying why there is none."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bars:
        files = list(_files(paths))
        task = bars.add_task("transcribing", total=len(files))
        for path, problem in files:
            yield path, problem or _recognize(recognizer, path, prompt, channel)
            bars.advance(task)


def _files(paths: list[Path]) -> Iterator[tuple[Path, str]]:
    """Yield files with an empty string, or a path with what is wrong with it."""
    for path in paths:
        if not path.is_dir():
            yield path, ""
            continue
        found = sorted(file for file in path.rglob("*") if file.suffix.lower() == ".wav")
        yield from ((file, "") for file in found)
        if not found:
            yield path, f"{path}: expected WAV files in this folder, found none"


def _recognize(
    recognizer: GatedRecognizer, path: Path, prompt: str, channel: Channel
) -> Recognition | str:
    from asr_models.errors import AudioFormatError
    from asr_models.g711 import alaw_decode, alaw_encode
    from asr_models.resample import to_8k
    from asr_models.wav import read_wav

    try:
        wav = read_wav(path)
    except AudioFormatError as error:
        return str(error)
    except OSError as error:
        return f"{path}: cannot be read: {error.strerror}"
    stereo = {"left": wav.samples[0], "right": wav.samples[-1]}
    pcm = stereo[channel] if channel in stereo else wav.mono()
    on_the_phone = alaw_decode(alaw_encode(to_8k(pcm, wav.sample_rate)))
    return recognizer.recognize(on_the_phone, prompt=prompt)


def _json_line(path: Path, heard: Recognition) -> str:
    line = {
        "file": str(path),
        "text": heard.text,
        "confidence": round(heard.confidence, 3),
        "cpu_s": round(heard.cpu_s, 3),
    }
    return json.dumps(line, ensure_ascii=False)
