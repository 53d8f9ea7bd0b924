"""From settings and a pack to a `Speaker`: the chosen voice, its fallback, its cache."""

from __future__ import annotations

from pathlib import Path

import platformdirs
import structlog

from voicebot.errors import VoiceError
from voicebot.pack import Pack
from voicebot.settings import Settings
from voicebot.speech.api import Voice
from voicebot.speech.cache import SpeechCache
from voicebot.speech.chain import VoiceChain
from voicebot.speech.espeak import EspeakVoice
from voicebot.speech.kokoro import KokoroVoice
from voicebot.speech.reading import Reader
from voicebot.speech.speaker import Speaker
from voicebot.weights import locate

log = structlog.get_logger(__name__)
KOKORO = "kokoro-v1.0-int8"


def build_speaker(settings: Settings, pack: Pack, *, cache: Path | None = None) -> Speaker:
    """The pack's voice (or the settings'), with espeak-ng behind it where it is installed.

    `cache` is the prepared-speech folder; None: the user's cache folder. Raises WeightsError,
    or VoiceError if espeak is asked for and not installed.
    """
    folder = cache or Path(platformdirs.user_cache_dir("voicebot")) / "speech"
    return Speaker(
        build_voice(settings, pack),
        SpeechCache(folder, max_mb=settings.speech.cache_mb),
        terms=[term.term for term in pack.lexicon],
    )


def build_voice(settings: Settings, pack: Pack) -> Voice:
    """As `build_speaker`, without the cache."""
    reader = Reader(pack.lexicon, rules=pack.reading, links=settings.speech.links)
    name = settings.speech.voice or pack.info.voice.name
    speed = settings.speech.speed or pack.info.voice.speed
    if settings.speech.engine == "espeak" or name == "espeak":
        return EspeakVoice(speed=speed, reader=reader)
    kokoro = KokoroVoice(
        locate(KOKORO, settings.models),
        name,
        speed=speed,
        threads=settings.speech.threads,
        reader=reader,
    )
    try:
        return VoiceChain((kokoro, EspeakVoice(speed=speed, reader=reader)))
    except VoiceError as error:
        log.info("no second voice", reason=str(error))
        return kokoro
