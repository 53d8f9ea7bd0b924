"""The caller's lines as sound: recorded, or spoken by a voice other than the bot's; cached."""

from __future__ import annotations

import hashlib
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import platformdirs

from asr_models.errors import AsrError
from asr_models.resample import to_8k
from asr_models.wav import read_wav, write_wav
from voicebot.pack import Pack
from voicebot.replay.caller import VoicedTurn, empty
from voicebot.replay.script import BankError, Script
from voicebot.settings import Settings
from voicebot.speech.api import LINE_RATE, Pcm
from voicebot.speech.build import KOKORO, build_reader
from voicebot.speech.kokoro import KokoroVoice
from voicebot.speech.line_audio import active_level_dbov
from voicebot.weights import locate

VOICES = ("zm_yunxi", "zf_xiaoyi", "zm_yunjian", "zf_xiaoni")
LONGEST_WAV_S = 3600.0
GAP_MS = 200
_SILENT_DBFS = -65.0
_FAINT_DBFS, _FADED_DB = -45.0, 30.0


def cache_folder() -> Path:
    """Where rendered callers and what the ears heard are kept."""
    return Path(platformdirs.user_cache_dir("voicebot")) / "replay"


class Voicing:
    """Turns to sound. A voice is loaded when a line is not cached; the bot's is never used."""

    def __init__(self, settings: Settings, pack: Pack, folder: Path | None = None) -> None:
        self._settings, self._pack = settings, pack
        self._folder = (folder or cache_folder()) / "callers"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._voices: dict[tuple[str, float], KokoroVoice] = {}
        self._bots = settings.speech.voice or pack.info.voice.name
        self.rendered = 0

    def turns(self, script: Script) -> list[VoicedTurn]:
        """Every turn of the script with its sound, levelled; int16 at 8 kHz."""
        others = [voice for voice in VOICES if voice != self._bots]
        voice = script.voice or others[_number(script.name) % len(others)]
        if voice == self._bots:
            raise BankError(
                f"call {script.name}: voice {voice!r} is the bot's own; the tape could not tell "
                f"them apart; choose another, e.g. {others[0]}"
            )
        found = []
        for turn in script.turns:
            pcm = empty()
            if turn.wav is not None:
                pcm = read_caller(turn.wav)[turn.from_ms * 8 :]
                if turn.to_ms is not None:
                    pcm = pcm[: (turn.to_ms - turn.from_ms) * 8]
            elif turn.say:
                spoken = self._spoken(turn.say, voice, script.speed)
                pcm = _levelled(spoken, script.effects.level_dbov)
            found.append(VoicedTurn(turn, pcm, tail_ms(pcm)))
        return found

    def _spoken(self, text: str, voice: str, speed: float) -> Pcm:
        key = hashlib.sha256(f"1\n{voice}\n{speed}\n{text}".encode()).hexdigest()[:24]
        file = self._folder / f"{key}.wav"
        if file.is_file():
            return read_caller(file)
        if (voice, speed) not in self._voices:
            folder = locate(KOKORO, self._settings.models)
            reader = build_reader(self._settings, self._pack)
            self._voices[voice, speed] = KokoroVoice(
                folder, voice, speed=speed, threads=2, reader=reader
            )
        pcm = self._voices[voice, speed].render(text)
        self.rendered += 1
        partial = file.with_suffix(".part")
        write_wav(partial, pcm, LINE_RATE, encoding="alaw")
        partial.replace(file)
        return read_caller(file)


def read_tape(path: Path) -> Pcm:
    """A recording at 8 kHz, int16, shape (channels, n). Raises BankError, one line."""
    try:
        seconds = _claimed_s(path)
        if seconds > LONGEST_WAV_S:
            raise BankError(
                f"{path}: {seconds / 3600:.1f} hours long; a call of at most one hour is replayed: "
                "cut it"
            )
        wav = read_wav(path)
        return np.stack([to_8k(channel, wav.sample_rate) for channel in wav.samples])
    except AsrError as error:
        raise BankError(str(error)) from None
    except OSError as error:
        raise BankError(f"{path}: {error.strerror}") from None


def _claimed_s(path: Path) -> float:
    """How long a file is, by its size and its header's bytes a second: before it is read whole."""
    with path.open("rb") as file:
        head = file.read(4096)
    at = head.find(b"fmt ")
    if at < 0 or len(head) < at + 20:
        return 0.0  # no WAV: who reads it says so
    (bytes_a_second,) = struct.unpack_from("<I", head, at + 16)
    return path.stat().st_size / bytes_a_second if bytes_a_second else 0.0


def read_caller(path: Path) -> Pcm:
    """The caller's side of a recording (left, or mono), int16 at 8 kHz, shape (n,)."""
    return np.ascontiguousarray(read_tape(path)[0])


def is_silent(pcm: Pcm) -> bool:
    """Whether nothing in it could be speech."""
    levels = _levels_dbfs(pcm)
    return not len(levels) or float(levels.max()) < _SILENT_DBFS


def tail_ms(pcm: Pcm) -> int:
    """How long a clip goes on behind its last sound: what is 30 dB under its loudest is none."""
    levels = _levels_dbfs(pcm)
    if not len(levels):
        return 0
    sounding = np.flatnonzero(levels > max(_FAINT_DBFS, float(levels.max()) - _FADED_DB))
    return (len(levels) - 1 - int(sounding[-1])) * 10 if len(sounding) else 0


def _levels_dbfs(pcm: Pcm) -> npt.NDArray[np.float64]:
    windows = pcm[: len(pcm) // 80 * 80].reshape(-1, 80).astype(np.float64)
    rms = np.sqrt((windows**2).mean(axis=1)) / 32768
    return np.asarray(20 * np.log10(np.maximum(rms, 1e-9)))


def _levelled(pcm: Pcm, level_dbov: float) -> Pcm:
    sound = pcm.astype(np.float32) / np.float32(32768)
    gain = 10 ** ((level_dbov - active_level_dbov(sound, LINE_RATE)) / 20)
    levelled: Pcm = np.round(np.clip(sound * gain, -1, 1) * 32767).astype(np.int16)
    return levelled


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")
