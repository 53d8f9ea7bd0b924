"""Makes the recordings of this folder from manifest.toml, the same every time.

    python audio_fixtures/build.py [--only NAME …] [--list]

NAME is a file name without ``.wav``. Needs the Kokoro weights (voicebot models fetch). The
noise is seeded with the file's name. Another CPU may round the int8 model differently, by less
than one can hear: rebuild all files on one machine, or none.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models.wav import write_wav
from voicebot.errors import VoicebotError
from voicebot.settings import load_settings
from voicebot.speech.api import LINE_RATE, Pcm
from voicebot.speech.kokoro import KokoroVoice
from voicebot.speech.line_audio import Samples, active_level_dbov
from voicebot.weights import locate

FOLDER = Path(__file__).parent
LOW_HZ, HIGH_HZ = 300, 3400  # the telephone band, ITU-T G.120
TAPS = 161
LEAD_MS, TAIL_MS = 200, 300  # line noise before and after the words


@dataclass(frozen=True)
class Line:
    """One entry of the manifest; levels in dB, gaps in ms."""

    file: str
    text: str
    say: tuple[str, ...]
    voice: str
    speed: float
    snr_db: float
    level_dbov: float
    gap_ms: int


def read_manifest(path: Path = FOLDER / "manifest.toml") -> list[Line]:
    """The entries, defaults filled in. Raises KeyError or TypeError for a broken manifest."""
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    return [_line({**tree["defaults"], **entry}) for entry in tree["line"]]


def _line(entry: dict[str, Any]) -> Line:
    say = entry.pop("say", entry["text"])
    return Line(say=(say,) if isinstance(say, str) else tuple(say), **entry)


def telephone_band(samples: Samples) -> Samples:
    """Keep 300 to 3400 Hz of 8 kHz samples, shape (n,), by a linear-phase FIR filter."""
    offset = np.arange(TAPS) - TAPS // 2
    high, low = 2 * HIGH_HZ / LINE_RATE, 2 * LOW_HZ / LINE_RATE
    taps = (high * np.sinc(high * offset) - low * np.sinc(low * offset)) * np.blackman(TAPS)
    return np.convolve(samples, taps, mode="same").astype(np.float32)


def line_noise(count: int, seed: str) -> Samples:
    """Noise of RMS 1 as on an analogue line: half white, half falling with frequency; (n,)."""
    digest = hashlib.sha256(seed.encode()).digest()
    random = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    white = random.standard_normal(count)
    spectrum = np.fft.rfft(random.standard_normal(count))
    spectrum /= np.sqrt(np.arange(len(spectrum)) + 1.0)
    falling = np.fft.irfft(spectrum, count)
    mixed = white / white.std() + falling / falling.std()
    noise = telephone_band(mixed.astype(np.float32))
    return noise / np.float32(noise.std())


def on_the_line(speech: Samples, line: Line) -> Pcm:
    """Band-limit, level and add line noise; int16, shape (n,)."""
    padded = np.pad(speech, (LINE_RATE * LEAD_MS // 1000, LINE_RATE * TAIL_MS // 1000))
    banded = telephone_band(padded)
    gain_db = line.level_dbov - active_level_dbov(banded, LINE_RATE)
    noise_rms = 10 ** ((line.level_dbov - line.snr_db) / 20)
    mixed = banded * 10 ** (gain_db / 20) + line_noise(len(banded), line.file) * noise_rms
    return np.round(np.clip(mixed, -1, 1) * 32767).astype(np.int16)


def speech_of(line: Line, voice: KokoroVoice) -> Samples:
    """The words without the line, floats within -1..1 at 8 kHz, shape (n,)."""
    gap = np.zeros(LINE_RATE * line.gap_ms // 1000, np.int16)
    parts: list[npt.NDArray[np.int16]] = []
    for text in line.say:
        parts += [voice.render(text), gap]
    return np.concatenate(parts[:-1]).astype(np.float32) / np.float32(32768)


def main() -> None:
    """Record the entries of the manifest that are asked for, or list them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--list", action="store_true", help="show the entries and stop")
    options = parser.parse_args()
    lines = read_manifest()
    known = {Path(line.file).stem for line in lines}
    if unknown := set(options.only) - known:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(sorted(known))}")
    wanted = [line for line in lines if not options.only or Path(line.file).stem in options.only]
    if options.list:
        for line in wanted:
            print(f"{line.file}\t{line.voice}\t{line.text}")
        return
    folder = locate("kokoro-v1.0-int8", load_settings().models)
    voices: dict[tuple[str, float], KokoroVoice] = {}
    for line in wanted:
        key = (line.voice, line.speed)
        if key not in voices:
            voices[key] = KokoroVoice(folder, line.voice, speed=line.speed)
        pcm = on_the_line(speech_of(line, voices[key]), line)
        write_wav(FOLDER / line.file, pcm, LINE_RATE, encoding="alaw")
        print(f"{line.file}\t{len(pcm) / LINE_RATE:.2f} s", flush=True)


if __name__ == "__main__":
    try:
        main()
    except VoicebotError as error:
        print(f"build: {error}", file=sys.stderr)
        sys.exit(2)
