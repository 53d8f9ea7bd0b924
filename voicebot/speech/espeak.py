"""The voice of last resort: espeak-ng as a separate program, fed with pinyin.

espeak-ng is GPL-3; it stays behind the process edge and is not shipped. Its ``cmn`` voice reads
Chinese characters as English, so the pinyin is made here.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soxr

from asr_models.errors import AudioFormatError
from asr_models.wav import Wav, read_wav
from voicebot.errors import VoiceError
from voicebot.speech.api import LINE_RATE, Chunk, Pcm
from voicebot.speech.line_audio import Samples, line_ready, to_pcm
from voicebot.speech.pronunciation import identity, pinyin, teach
from voicebot.speech.reading import Reader

# Letters in the pinyin that comes closest; espeak would read "a" as a syllable of its own
LETTERS: dict[str, str] = {
    "A": "ei1", "B": "bi4", "C": "xi1", "D": "di4", "E": "yi4", "F": "ai2 fu5", "G": "ji4",
    "H": "ei2 chi5", "I": "ai4", "J": "jie4", "K": "kei4", "L": "ai2 le5", "M": "ai2 mu5",
    "N": "en1", "O": "ou1", "P": "pi4", "Q": "kiu1", "R": "a1 er5", "S": "ai2 si5", "T": "ti4",
    "U": "you1", "V": "wei1", "W": "da2 bu5 liu5", "X": "ai2 ke5 si5", "Y": "wai4",
    "Z": "zei4",
}  # fmt: skip
_NORMAL_WORDS_A_MINUTE = 160
_DEFAULT_TIMEOUT_S = 10.0
_RUNS = re.compile("[\u3400-\u9fff]+|[A-Z]|[，。！？；：、]")
_STOPS = str.maketrans("，。！？；：、", ",.!?;:,")


class EspeakVoice:
    """espeak-ng through a pipe; about .02 s a clause. Thread-safe: a process a clause.

    Raises VoiceError when `program` is not installed.
    """

    def __init__(
        self, *, speed: float = 1.0, reader: Reader | None = None, program: str = "espeak-ng"
    ) -> None:
        found = shutil.which(program)
        if found is None:
            raise VoiceError(
                f"voice espeak: expected the program {program}, found none; "
                "install the package espeak-ng"
            )
        self._program, self._speed = found, speed
        self._reader = reader or Reader()

    @property
    def name(self) -> str:
        return "espeak"

    @property
    def sample_rate(self) -> int:
        return LINE_RATE

    @property
    def stream_rate(self) -> int:
        return LINE_RATE

    @property
    def fingerprint(self) -> str:
        return f"espeak-1-{self._speed}-{identity()}-{self._reader.fingerprint}"

    def warm_up(self) -> None:
        """Load the front end."""
        self._reader.warm_up()
        teach()

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        """See `Voice.render`; without `timeout_s` the program gets 10 s."""
        return line_ready(self._synthesise(text, timeout_s), LINE_RATE)

    def stream(
        self, text: str, *, timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> Iterator[Chunk]:
        """See `StreamingVoice.stream`: one chunk, since the clause is there in an instant."""
        samples = self._synthesise(text, timeout_s)
        if stop is None or not stop.is_set():
            yield Chunk(to_pcm(samples), text)

    def _synthesise(self, text: str, timeout_s: float | None) -> Samples:
        pinyin = self.pinyin(text)
        if not pinyin:
            return np.zeros(0, np.float32)
        rate = str(round(_NORMAL_WORDS_A_MINUTE * self._speed))
        limit_s = _DEFAULT_TIMEOUT_S if timeout_s is None else timeout_s
        wav = self._run(["-v", "cmn-latn-pinyin", "-s", rate, "--stdin"], pinyin, limit_s)
        samples = wav.mono().astype(np.float32) / np.float32(32768)
        return np.asarray(soxr.resample(samples, wav.sample_rate, LINE_RATE), np.float32)

    def _run(self, options: list[str], pinyin: str, limit_s: float) -> Wav:
        # into a file: on a pipe the program cannot write the length into the header
        with tempfile.TemporaryDirectory(prefix="voicebot-") as folder:
            out = Path(folder) / "clause.wav"
            command = [self._program, *options, "-w", str(out)]
            try:
                subprocess.run(
                    command, input=pinyin.encode(), capture_output=True, timeout=limit_s, check=True
                )
                return read_wav(out)
            except subprocess.TimeoutExpired:
                raise VoiceError("voice espeak: the clause was not done in time") from None
            except (OSError, subprocess.CalledProcessError, AudioFormatError) as error:
                raise VoiceError(f"voice espeak: synthesis failed: {error}") from None

    def pinyin(self, text: str) -> str:
        """The numbered pinyin that the program is fed for a clause."""
        out = []
        for run in _RUNS.findall(self._reader.read_plain(text)):
            if run in LETTERS:
                out.append(LETTERS[run])
            elif run in "，。！？；：、":
                out.append(run.translate(_STOPS))
            else:
                out.append(pinyin(run))
        return " ".join(out)
