"""The online voice's fixtures, and which tests ask a real service."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.speech.edge_server import EdgeServer
from voicebot.settings.edge import EdgeSettings
from voicebot.speech.edge import EdgeVoice
from voicebot.speech.reading import Reader

_PROXIES = ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("VOICEBOT_REAL_SERVICE") == "1":
        return
    asking = [item for item in items if item.get_closest_marker("real_service")]
    if asking:
        config.hook.pytest_deselected(items=asking)
        items[:] = [item for item in items if item not in asking]


@pytest.fixture(scope="session")
def reader() -> Reader:
    reader = Reader()
    reader.warm_up()
    return reader


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EdgeServer]:
    """The online voice's service, on this machine, not asked for by way of a proxy."""
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with EdgeServer() as server:
        yield server


@pytest.fixture
def voice(server: EdgeServer, reader: Reader) -> Iterator[EdgeVoice]:
    """Speaks with that service, and waits for it however busy the machine is."""
    patient = EdgeSettings(first_audio_ms=20_000, stall_ms=20_000, total_ms=60_000)
    voice = EdgeVoice(reader=reader, settings=patient, endpoint=server.url)
    yield voice
    voice.close()
