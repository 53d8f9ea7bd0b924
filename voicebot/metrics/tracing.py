"""Where spans go: an OTLP collector, in the background, and never in a call's way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicebot import __version__
from voicebot.errors import SettingsError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

EXPORT_TIMEOUT_S = 5.0
SCHEDULE_MS = 2000
SERVICE = "voicebot"


def open_tracing(endpoint: str) -> TracerProvider:
    """A provider whose spans are posted to `endpoint` (OTLP over HTTP, protobuf).

    What the collector does not take is dropped, after `EXPORT_TIMEOUT_S`. Raises SettingsError
    where the extra is not installed.
    """
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        raise SettingsError(
            "settings: metrics.traces: needs OpenTelemetry, which is not installed; "
            "pip install 'voicebot[traces]'"
        ) from None
    resource = Resource.create({"service.name": SERVICE, "service.version": __version__})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=EXPORT_TIMEOUT_S)
    provider.add_span_processor(
        BatchSpanProcessor(
            exporter,
            schedule_delay_millis=SCHEDULE_MS,
            export_timeout_millis=EXPORT_TIMEOUT_S * 1000,
        )
    )
    return provider
