"""The online voice's fixtures, and which tests ask a real service."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.speech.edge_cases import PATIENT, READER, Open
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
    READER.warm_up()
    return READER


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[EdgeServer]:
    """The online voice's service, on this machine, not asked for by way of a proxy."""
    for name in _PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    with EdgeServer() as server:
        yield server


@pytest.fixture
def open_edge(server: EdgeServer, reader: Reader) -> Iterator[Open]:
    """Opens voices with that service."""
    voices: list[EdgeVoice] = []

    def opened(settings: EdgeSettings) -> EdgeVoice:
        voices.append(EdgeVoice(reader=reader, settings=settings, endpoint=server.url))
        return voices[-1]

    yield opened
    for voice in voices:
        voice.close()


@pytest.fixture
def voice(open_edge: Open) -> EdgeVoice:
    """Waits for that service however busy the machine is."""
    return open_edge(PATIENT)
