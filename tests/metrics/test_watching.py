"""The endpoint that Prometheus scrapes, and the collector that gets spans: real HTTP both."""

from __future__ import annotations

import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError

from tests.metrics.calls import CALL
from voicebot.errors import SettingsError
from voicebot.metrics import Watching
from voicebot.settings.metrics import MetricsSettings


def settings(**given: object) -> MetricsSettings:
    return MetricsSettings.model_validate(given)


@contextlib.contextmanager
def collector(status: int = 200) -> Iterator[tuple[str, list[ExportTraceServiceRequest]]]:
    """An OTLP/HTTP collector on loopback, and what it was sent."""
    got: list[ExportTraceServiceRequest] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            got.append(ExportTraceServiceRequest.FromString(body))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1/traces", got
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_prometheus_reads_the_calls_and_the_process() -> None:
    with Watching(settings(listen="127.0.0.1:0")) as watching:
        for event in CALL:
            watching("call", event)
        answer = httpx.get(f"http://127.0.0.1:{watching.port}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    samples = {
        sample.name: sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }
    assert samples["voicebot_call_duration_seconds_count"] == 1
    assert samples["process_cpu_seconds_total"] > 0


def test_the_port_is_free_again_afterwards() -> None:
    with Watching(settings(listen="127.0.0.1:0")) as watching:
        port = watching.port
    with Watching(settings(listen=f"127.0.0.1:{port}")):
        pass


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with (
            pytest.raises(SettingsError, match=f"metrics.listen: 127.0.0.1:{port} is taken"),
            Watching(settings(listen=f"127.0.0.1:{port}")),
        ):
            pass


@pytest.mark.parametrize("listen", ["0.0.0.0:9464", "192.0.2.1:9464", "[::]:9464"])
def test_other_machines_are_served_only_where_that_is_asked_for(listen: str) -> None:
    with pytest.raises(ValidationError, match="remote = true"):
        settings(listen=listen)
    assert settings(listen=listen, remote=True).address()[1] == 9464


@pytest.mark.parametrize("listen", ["9464", "localhost:9464", "127.0.0.1:", "127.0.0.1:70000"])
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(ValidationError, match="expected ADDR:PORT"):
        settings(listen=listen)


def test_a_collector_gets_the_spans_of_a_call() -> None:
    with collector() as (url, got):
        with Watching(settings(traces=url)) as watching:
            for event in CALL:
                watching("call", event)
        spans = [
            span
            for request in got
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        services = {
            attribute.value.string_value
            for attribute in got[0].resource_spans[0].resource.attributes
            if attribute.key == "service.name"
        }
    assert services == {"voicebot"}
    names = [span.name for span in spans]
    assert names.count("turn") == 2
    assert {"call", "handoff", "stage search", "stage first_clause"} <= set(names)
    assert len({span.trace_id for span in spans}) == 1


def test_a_collector_that_is_not_there_keeps_nobody_waiting() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{nobody.getsockname()[1]}/v1/traces"
        began_s = time.monotonic()
        with Watching(settings(traces=url)) as watching:
            for event in CALL:
                watching("call", event)
            assert time.monotonic() - began_s < 2
        assert time.monotonic() - began_s < 20


def test_without_settings_nothing_is_watched() -> None:
    with Watching(settings()) as watching:
        watching("call", CALL[0])
        assert watching.meters is None
        assert watching.port == 0


@pytest.mark.parametrize("url", ["collector:4318", "ftp://collector/v1/traces", "http://"])
def test_what_is_no_collector_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="expected http"):
        settings(traces=url)
