"""Clips of a manifest.tsv (columns file, text), and what a telephone does to them."""

from __future__ import annotations

import csv
import random
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.g711 import alaw_decode, alaw_encode
from asr_models.resample import to_8k
from asr_models.script import strip_punctuation
from asr_models.wav import read_wav
from telephony.concealment import Concealer

Pcm = npt.NDArray[np.int16]
_FRAME = 160  # samples of a 20 ms packet


@dataclass(frozen=True)
class Clip:
    path: Path
    text: str
    condition: str
    terms: tuple[str, ...] = ()


def load_manifest(folder: Path, min_chars: int) -> list[Clip]:
    """Return the clips whose text has at least `min_chars` characters."""
    with (folder / "manifest.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    clips = [
        Clip(
            folder / row["file"],
            row["text"],
            row.get("condition", ""),
            tuple(filter(None, row.get("terms", "").split("|"))),
        )
        for row in rows
    ]
    return [clip for clip in clips if len(strip_punctuation(clip.text)) >= min_chars]


def read_8k(path: Path) -> Pcm:
    """Return the clip as mono int16 at 8 kHz. Files other than WAV need PyAV (extra `edge`)."""
    if path.suffix == ".wav":
        wav = read_wav(path)
        return to_8k(wav.mono(), wav.sample_rate)
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=48000)
    with av.open(str(path)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    frames.extend(resampler.resample(None))
    return to_8k(np.concatenate([frame.to_ndarray()[0] for frame in frames]), 48000)


def through_phone(pcm: Pcm, snr_db: float | None, seed_text: str) -> Pcm:
    """Add babble-free pink noise at `snr_db` (None: none) and pass A-law.

    The noise follows from `seed_text` alone, so that every run measures the same audio.
    """
    noisy = pcm.astype(np.float64)
    if snr_db is not None:
        noise = pink_noise(len(pcm), zlib.crc32(seed_text.encode()))
        level = np.sqrt(np.mean(noisy**2)) / 10 ** (snr_db / 20)
        noisy = noisy + noise * level
    return alaw_decode(alaw_encode(np.clip(np.round(noisy), -32768, 32767).astype(np.int16)))


def through_loss(pcm: Pcm, loss: float, seed_text: str) -> Pcm:
    """Pass A-law and lose that share of the 20 ms packets; the gaps are filled as in a call."""
    sent = alaw_decode(alaw_encode(pcm)).astype("<i2")
    frames = [sent[start : start + _FRAME].tobytes() for start in range(0, len(sent), _FRAME)]
    chance, concealer = random.Random(zlib.crc32(seed_text.encode())), Concealer()
    came = [
        concealer.missing(1) if chance.random() < loss else concealer.received(frame)
        for frame in frames
    ]
    return np.frombuffer(b"".join(came), "<i2").astype(np.int16)


def pink_noise(samples: int, seed: int) -> npt.NDArray[np.float64]:
    """Return noise of unit power whose spectrum falls 3 dB an octave."""
    white = np.fft.rfft(np.random.default_rng(seed).standard_normal(samples))
    pink = np.fft.irfft(white / np.sqrt(np.maximum(np.arange(len(white)), 1)), samples)
    return np.asarray(pink / np.sqrt(np.mean(pink**2)))
