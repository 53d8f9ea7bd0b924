"""Everything that watches the bot for its operators, opened before the first call."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

import structlog
from prometheus_client import (
    CollectorRegistry,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)

from voicebot.errors import SettingsError
from voicebot.metrics.meters import Meters
from voicebot.metrics.spans import CallSpans
from voicebot.metrics.tracing import SERVICE, open_tracing
from voicebot.session.events import SessionEvent
from voicebot.settings.metrics import MetricsSettings

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

log = structlog.get_logger(__name__)


class Watching:
    """A `CallObserver` that feeds what the settings ask for: metrics, traces, both or neither.

    Use as a context manager: inside, metrics are served from a thread of their own; at the end,
    spans that wait are sent. Raises SettingsError, one line, for an address that is taken or an
    extra that is missing.
    """

    def __init__(self, settings: MetricsSettings) -> None:
        self._settings = settings
        self._observers: list[Callable[[str, SessionEvent], None]] = []
        self._provider: TracerProvider | None = None
        self.meters: Meters | None = None
        self.port = 0
        """Where the metrics are served."""
        self._close: list[Callable[[], None]] = []

    def __call__(self, call_id: str, event: SessionEvent) -> None:
        for observe in self._observers:
            try:
                observe(call_id, event)
            except Exception:  # a metric is no reason to keep an event from others
                log.exception("metrics: an event was not counted", event=type(event).__name__)

    def __enter__(self) -> Self:
        if self._settings.listen:
            self._serve()
        if self._settings.traces:
            provider = open_tracing(self._settings.traces)
            self._observers.append(CallSpans(provider.get_tracer(SERVICE)))
            self._close.append(provider.shutdown)
        return self

    def __exit__(self, *_exc: object) -> None:
        while self._close:
            self._close.pop()()
        self._observers.clear()

    def _serve(self) -> None:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        meters = Meters(registry)
        host, port = self._settings.address()
        try:
            server, thread = start_http_server(port, host, registry)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            why = "is taken by another program" if taken else f"cannot be used: {error.strerror}"
            raise SettingsError(f"settings: metrics.listen: {host}:{port} {why}") from None
        self.port = int(server.server_port)
        self.meters = meters
        self._observers.append(meters)

        def close() -> None:
            server.shutdown()
            server.server_close()
            thread.join()

        self._close.append(close)
