"""Recordings with transcripts, decoded once into one file of 8 kHz samples.

In: a folder with manifest.tsv (columns file, text; speaker if known) and its audio files. Out:
a folder with samples.i16 and clips.jsonl, which training reads without decoding anything.
"""

from __future__ import annotations

import csv
import json
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from asr_models.errors import AsrModelError, AudioFormatError
from asr_models.resample import to_8k
from asr_models.script import normalize_script, strip_punctuation
from asr_models.wav import read_wav

Pcm = npt.NDArray[np.int16]
RATE = 8000
_SAMPLES, _CLIPS = "samples.i16", "clips.jsonl"
_LARGE = 20  # a speaker of more than one clip in so many is no speaker to hold out whole
_UNSPOKEN = re.compile(r"[《》〈〉“”‘’\"'「」『』（）()…—·]")
_COMMAS = re.compile(r"[，、；：]")


@dataclass(frozen=True)
class Recording:
    """One line of a manifest."""

    path: Path
    text: str
    speaker: str


@dataclass(frozen=True)
class Clip:
    """A prepared recording: `samples` samples from `start` on; `text` as the decoder learns it."""

    name: str
    text: str
    speaker: str
    start: int
    samples: int

    @property
    def seconds(self) -> float:
        return self.samples / RATE


@dataclass(frozen=True)
class Corpus:
    """A prepared folder, mapped into memory."""

    clips: tuple[Clip, ...]
    sound: Pcm

    def pcm(self, clip: Clip) -> Pcm:
        return np.asarray(self.sound[clip.start : clip.start + clip.samples])


def read_manifest(folder: Path) -> list[Recording]:
    """Read `folder`/manifest.tsv. Raises AsrModelError naming what is wrong with it."""
    path = folder / "manifest.tsv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except OSError as error:
        raise AsrModelError(f"adapt: {path} cannot be read: {error.strerror}") from None
    if not rows or not {"file", "text"} <= rows[0].keys():
        raise AsrModelError(f"adapt: {path}: expected a first line with columns 'file' and 'text'")
    for number, row in enumerate(rows, 2):
        if not row["file"] or row["text"] is None:
            raise AsrModelError(f"adapt: {path}:{number}: expected file and text, a tab between")
    return [Recording(folder / r["file"], r["text"], r.get("speaker") or "") for r in rows]


def decoder_target(text: str) -> str:
    """Return a transcript as the decoder shall write it.

    Simplified, no quotes and brackets, no closing full stop, and the half-width comma: it is
    one token where the full-width one is three, and normalize_script widens it again.
    """
    text = _COMMAS.sub(",", _UNSPOKEN.sub("", normalize_script(text)))
    return re.sub(r"\s*,[\s,]*", ",", text).strip("。., ")


def prepare(recordings: Iterable[Recording], out: Path) -> Iterator[Clip | AudioFormatError]:
    """Decode `recordings` into the folder `out`, yielding each, or why it was left out.

    A finished folder is replaced as a whole: an interrupted run leaves no clips.jsonl behind.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / _CLIPS).unlink(missing_ok=True)
    clips = []
    with (out / _SAMPLES).open("wb") as file:
        start = 0
        for recording in recordings:
            target = decoder_target(recording.text)
            if not strip_punctuation(target):
                continue
            try:
                pcm = read_audio_8k(recording.path)
            except AudioFormatError as error:
                yield error
                continue
            file.write(pcm.astype("<i2").tobytes())
            name = recording.path.name
            clips.append(Clip(name, target, recording.speaker or name, start, len(pcm)))
            start += len(pcm)
            yield clips[-1]
    lines = [json.dumps(asdict(clip), ensure_ascii=False) + "\n" for clip in clips]
    (out / _CLIPS).write_text("".join(lines), encoding="utf-8")


def load_corpus(folder: Path) -> Corpus:
    """Open what `prepare` wrote. Raises AsrModelError if it is not complete."""
    try:
        lines = (folder / _CLIPS).read_text(encoding="utf-8").splitlines()
        sound = np.memmap(folder / _SAMPLES, dtype="<i2", mode="r")
        clips = tuple(Clip(**json.loads(line)) for line in lines)
    except (OSError, ValueError, TypeError) as error:
        raise AsrModelError(
            f"adapt: {folder} holds no prepared recordings ({error}); run: "
            "python -m asr_models.adapt prepare"
        ) from None
    return Corpus(clips, sound)


def split(clips: Sequence[Clip], held_out: float) -> tuple[list[Clip], list[Clip]]:
    """Part clips into (train, validation), about `held_out` (0..1) of them in validation.

    A speaker is wholly on one side, but for speakers of more than a twentieth of all clips:
    of them single clips are held out. Checksums of the names decide, so that adding recordings
    moves hardly any.
    """
    by_speaker = Counter(clip.speaker for clip in clips)
    parts: tuple[list[Clip], list[Clip]] = ([], [])
    for clip in clips:
        large = by_speaker[clip.speaker] * _LARGE > len(clips)
        key = clip.name if large else clip.speaker
        parts[zlib.crc32(key.encode()) % 1000 < held_out * 1000].append(clip)
    return parts


def read_audio_8k(path: Path) -> Pcm:
    """Return a recording as mono int16 at 8 kHz. Files other than WAV need PyAV."""
    if path.suffix.lower() == ".wav":
        wav = read_wav(path)
        return to_8k(wav.mono(), wav.sample_rate)
    try:
        import av
    except ImportError:
        raise AudioFormatError(
            f"{path}: expected WAV; other formats need PyAV: pip install av"
        ) from None
    resampler = av.AudioResampler(format="s16", layout="mono", rate=48000)
    try:
        with av.open(str(path)) as container:
            frames = [p for frame in container.decode(audio=0) for p in resampler.resample(frame)]
    except (av.FFmpegError, IndexError):
        raise AudioFormatError(f"{path}: expected audio that FFmpeg can decode") from None
    frames.extend(resampler.resample(None))
    if not frames:
        raise AudioFormatError(f"{path}: the file holds no samples")
    return to_8k(np.concatenate([frame.to_ndarray()[0] for frame in frames]), 48000)
