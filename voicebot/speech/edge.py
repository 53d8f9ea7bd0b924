"""The online voice, an extra: the speech service behind Microsoft Edge, by edge-tts.

Every text it speaks leaves the house, for a service abroad that has no contract with anybody here;
docs/voice.md says when that is no choice. edge-tts is LGPL-3.
"""

from __future__ import annotations

import math
import re
import threading
import time
from collections.abc import Iterator

import numpy as np

from voicebot.errors import VoiceError
from voicebot.settings.edge import EdgeSettings
from voicebot.speech.api import LINE_RATE, Chunk, Pcm
from voicebot.speech.edge_audio import EDGE_RATE, Mp3Error
from voicebot.speech.edge_clause import EdgeClause
from voicebot.speech.edge_service import EdgeService, Message, Over, Request, Sound, Word
from voicebot.speech.edge_words import SpokenWords, heard
from voicebot.speech.line_audio import line_ready
from voicebot.speech.reading import Reader

DEFAULT_VOICE = "zh-CN-XiaoxiaoNeural"
_NAME = re.compile(r"[a-z]{2,3}(?:-[A-Za-z]+)+Neural")
_STOP = re.compile("([，。！？；：、])")
_MAX_BYTES = 4096  # of one request; the library sends longer text in parts cut at blanks
_VERSION = "1"  # raise it when the same text would sound different by our doing


def is_edge_voice(name: str) -> bool:
    """Whether `name` is one of the service's, e.g. ``zh-CN-XiaoxiaoNeural``."""
    return _NAME.fullmatch(name) is not None


class EdgeVoice:
    """A voice of the online service. Thread-safe; a connection a clause.

    Args:
        voice: e.g. ``zh-CN-XiaoxiaoNeural``.
        speed: 1.0 is normal; 0.5 to 2.
        reader: the reading rules, with the pack's terms; the service gets what is read.
        settings: deadlines and proxy.
        endpoint: another address than the service's own, for a server that speaks its protocol.

    Raises VoiceError if the name is no such voice's, or the extra is not installed.
    """

    tells_words = True  # each chunk ends where a word does, and says which

    def __init__(
        self,
        voice: str = DEFAULT_VOICE,
        *,
        speed: float = 1.0,
        reader: Reader | None = None,
        settings: EdgeSettings | None = None,
        endpoint: str | None = None,
    ) -> None:
        if not is_edge_voice(voice):
            raise VoiceError(f"voice edge: expected a name like {DEFAULT_VOICE}, got {voice!r}")
        self._voice, self._speed = voice, speed
        self._reader = reader or Reader()
        self._settings = settings or EdgeSettings()  # type: ignore[call-arg]
        self._service = EdgeService(
            voice,
            f"{round((speed - 1) * 100):+d}%",
            total_s=self._settings.total_ms / 1000,
            proxy=self._settings.proxy.get_secret_value() or None,
            endpoint=endpoint,
        )

    @property
    def name(self) -> str:
        return self._voice

    @property
    def sample_rate(self) -> int:
        return LINE_RATE

    @property
    def stream_rate(self) -> int:
        return EDGE_RATE

    @property
    def fingerprint(self) -> str:
        """The service can change its voices unseen: what it said is not said anew for that."""
        return f"edge-{_VERSION}-{self._voice}-{self._speed}-{self._reader.fingerprint}"

    @property
    def skew_s(self) -> float:
        """How far the service's clock is known to be ahead of ours."""
        return self._service.skew_s

    def warm_up(self) -> None:
        """Load the front end. No request is made: a start must not hang on a network."""
        self._reader.warm_up()

    def close(self) -> None:
        """End what runs. Not needed at the program's end."""
        self._service.close()

    def render(self, text: str, *, timeout_s: float | None = None) -> Pcm:
        """See `Voice.render`; for the deadlines see `stream`."""
        parts = [chunk.pcm for chunk in self.stream(text, timeout_s=timeout_s)]
        if not parts:
            return np.zeros(0, np.int16)
        return line_ready(np.concatenate(parts).astype(np.float32) / np.float32(32768), EDGE_RATE)

    def stream(
        self, text: str, *, timeout_s: float | None = None, stop: threading.Event | None = None
    ) -> Iterator[Chunk]:
        """See `StreamingVoice.stream`: a chunk a word, and whatever silence follows.

        The settings' deadlines hold beside `timeout_s`, and count while a chunk is waited for;
        that of the whole request always does. Closing the iterator closes the connection.
        """
        reading = self._reader.read_plain(text)
        characters = len(heard(reading))
        if not characters:
            return
        decided = [step.written for step in self._reader.explain_plain(text)]
        clause = EdgeClause(SpokenWords(text, reading, decided), characters)
        try:
            with self._service.request(_in_parts(reading)) as request:
                yield from self._chunks(clause, request, timeout_s, stop)
        except (Mp3Error, _Fault) as fault:
            if not clause.is_said:  # else only silence is missing
                raise VoiceError(f"voice {self._voice}: {fault}") from None

    def _chunks(
        self,
        clause: EdgeClause,
        request: Request,
        timeout_s: float | None,
        stop: threading.Event | None,
    ) -> Iterator[Chunk]:
        limit_s = math.inf if timeout_s is None else timeout_s
        until_s = time.monotonic() + min(limit_s, self._settings.first_audio_ms / 1000)
        message: Message | None = None
        while not isinstance(message, Over):
            message = request.wait(until_s - time.monotonic(), stop)
            for chunk in _taken(clause, message):
                if stop is not None and stop.is_set():
                    return
                yield chunk
                until_s = time.monotonic() + min(limit_s, self._settings.stall_ms / 1000)
            if stop is not None and stop.is_set():
                return
            if message is None or (time.monotonic() > until_s and not isinstance(message, Over)):
                raise _Fault("the service did not send sound in time")


class _Fault(Exception):
    """The request went wrong; ``str()`` says how."""


def _taken(clause: EdgeClause, message: Message | None) -> Iterator[Chunk]:
    """What is complete with `message`. Raises _Fault, Mp3Error."""
    if isinstance(message, Sound):
        yield from clause.audio(message.data)
    elif isinstance(message, Word):
        yield from clause.word(message.text, message.start_s, message.end_s)
    elif isinstance(message, Over):
        if message.fault:
            raise _Fault(message.fault)
        yield from clause.end()


def _in_parts(reading: str) -> str:
    """`reading` with blanks where the library may cut it, if it is more than one request's."""
    if len(reading.encode()) <= _MAX_BYTES:
        return reading
    return _STOP.sub(r"\1\n", reading)
