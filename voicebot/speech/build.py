"""From settings and a pack to a `Speaker`: the chosen voice, its fallback, its cache."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import platformdirs
import structlog

from voicebot.errors import VoiceError, WeightsError
from voicebot.pack import Pack
from voicebot.settings import Settings
from voicebot.settings.tree import SpeechSettings
from voicebot.speech.api import Voice
from voicebot.speech.cache import SpeechCache
from voicebot.speech.chain import VoiceChain
from voicebot.speech.edge import DEFAULT_VOICE, EdgeVoice, is_edge_voice
from voicebot.speech.espeak import EspeakVoice
from voicebot.speech.kokoro import KokoroVoice
from voicebot.speech.reading import Reader
from voicebot.speech.speaker import Speaker
from voicebot.weights import locate

log = structlog.get_logger(__name__)
KOKORO, KOKORO_PUBLISHED = "kokoro-v1.0-q8", "kokoro-v1.0-int8"
MOST_DEADLINE_S, MOST_STALL_S = 6.0, 5.0
_SHARE = 0.6  # of a call's patience is a voice's; the rest is for the one that follows it
Engine = Literal["edge", "kokoro", "espeak"]
ORDER: tuple[Engine, ...] = ("edge", "kokoro", "espeak")  # best first: nobody falls back upwards


def build_speaker(
    settings: Settings, pack: Pack, *, cache: Path | None = None, known: Iterable[str] = ()
) -> Speaker:
    """The pack's voice (or the settings'), with those behind it that it can fall back on.

    `cache` is the prepared-speech folder; None: the user's cache folder. `known` is what will be
    said word for word, save for ``{slots}``. Raises WeightsError, or VoiceError if what
    the engine asked for needs is not installed.
    """
    folder = cache or Path(platformdirs.user_cache_dir("voicebot")) / "speech"
    return Speaker(
        build_voice(settings, pack),
        SpeechCache(folder, max_mb=settings.speech.cache_mb),
        terms=[term.term for term in pack.lexicon],
        known=known,
        reader=build_reader(settings, pack),
    )


def build_voice(settings: Settings, pack: Pack) -> Voice:
    """As `build_speaker`, without the cache.

    A pack cannot choose the online voice: what sends texts away is the operator's to choose.
    """
    engine, name = _chosen(settings.speech, pack.info.voice.name)
    makers = _Makers(settings, pack, build_reader(settings, pack))
    voices = [makers.make(engine, name)]
    for second in settings.speech.fallback:
        if ORDER.index(second) > ORDER.index(engine):
            try:
                voices.append(makers.make(second, pack.info.voice.name))
            except (VoiceError, WeightsError) as error:
                log.info("no such voice to fall back on", engine=second, reason=str(error))
    if len(voices) == 1 and engine == "edge":
        log.warning("no voice to fall back on when the network fails")
    if len(voices) == 1:
        return voices[0]
    most_s = _SHARE * patience_s(settings)
    return VoiceChain(
        voices,
        deadline_s=min(most_s, MOST_DEADLINE_S),
        stall_s=min(most_s, MOST_STALL_S),
        online=engine == "edge",
    )


def patience_s(settings: Settings) -> float:
    """How long a call waits for a clause's next sound before it takes all voices for dead."""
    return 2 * settings.turns.watchdog_ms / 1000


def _chosen(speech: SpeechSettings, pack_voice: str) -> tuple[Engine, str]:
    """The engine and its voice: a voice's name may choose the engine."""
    asked, engine = speech.voice, speech.engine
    if asked == "espeak" or (engine == "kokoro" and not asked and pack_voice == "espeak"):
        return "espeak", "espeak"
    if engine == "edge" or (engine == "kokoro" and is_edge_voice(asked)):
        return "edge", asked or (pack_voice if is_edge_voice(pack_voice) else DEFAULT_VOICE)
    return engine, asked or pack_voice


def build_reader(settings: Settings, pack: Pack) -> Reader:
    """The pack's readings, and how links are said."""
    return Reader(pack.lexicon, rules=pack.reading, links=settings.speech.links)


class _Makers:
    """Makes each engine's voice from the same settings and readings."""

    def __init__(self, settings: Settings, pack: Pack, reader: Reader) -> None:
        self._settings, self._reader = settings, reader
        self._speed = settings.speech.speed or pack.info.voice.speed

    def make(self, engine: Engine, name: str) -> Voice:
        """Raises WeightsError or VoiceError if what the engine needs is not there."""
        if engine == "edge":
            return EdgeVoice(
                name,
                speed=self._speed,
                reader=self._reader,
                settings=self._settings.speech.edge,
            )
        if engine == "espeak":
            return EspeakVoice(speed=self._speed, reader=self._reader)
        return KokoroVoice(
            _kokoro_folder(self._settings.models),
            name,
            speed=self._speed,
            threads=self._settings.speech.threads,
            reader=self._reader,
        )


def _kokoro_folder(models: Path) -> Path:
    """The converted weights; where they are not whole, those they are made from."""
    try:
        return locate(KOKORO, models)
    except WeightsError as error:
        folder = locate(KOKORO_PUBLISHED, models)
        log.warning("the voice is slow: its weights are not converted", reason=str(error))
        return folder
