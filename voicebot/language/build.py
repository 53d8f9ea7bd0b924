"""From the settings to a language model."""

from __future__ import annotations

from pathlib import Path

from voicebot.errors import LanguageError
from voicebot.language.api import Engine
from voicebot.language.http_engine import HttpEngine
from voicebot.language.http_link import Link
from voicebot.remote.breaker import Breaker
from voicebot.settings.language import LanguageServerSettings, LanguageSettings
from voicebot.weights import locate


def build_engine(settings: LanguageSettings, models: Path) -> Engine:
    """The engine of `settings`, whose engine is not "none"; close it when done.

    Raises WeightsError or LanguageError if it cannot be loaded. A server is not asked for yet.
    """
    if settings.engine == "http":
        return _server(settings.http, settings.model)
    from voicebot.language.ct2_engine import Ct2Engine  # the library loads slowly

    return Ct2Engine(locate(settings.model, models), settings.threads)


def _server(http: LanguageServerSettings, model: str) -> HttpEngine:
    link = Link(
        http.url,
        _key(http),
        connect_s=http.connect_ms / 1000,
        proxy=http.proxy.get_secret_value(),
        ca_file=http.ca_file,
    )
    return HttpEngine(link, model, extra=http.extra, breaker=Breaker(rest_s=http.rest_s))


def _key(http: LanguageServerSettings) -> str:
    if http.key_file is None:
        return http.key.get_secret_value()
    try:
        key = http.key_file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a text"
        raise LanguageError(f"language.http.key_file: {http.key_file}: {reason}") from None
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise LanguageError(
            f"language.http.key_file: {http.key_file}: expected one key in one line, got "
            f"{len(key)} characters of something else"
        )
    return key
