"""Fixtures of the voice's tests, and which of them ask a real service."""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("VOICEBOT_REAL_SERVICE") == "1":
        return
    asking = [item for item in items if item.get_closest_marker("real_service")]
    if asking:
        config.hook.pytest_deselected(items=asking)
        items[:] = [item for item in items if item not in asking]


@pytest.fixture(autouse=True)
def no_proxy_of_the_machine(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """What is on this machine is not asked for by way of a proxy."""
    if request.node.get_closest_marker("real_service") is None:
        for name in ("http_proxy", "https_proxy", "ws_proxy", "wss_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
            monkeypatch.delenv(name.upper(), raising=False)
