"""Fixtures of the weights tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.weights.fakes import FakeHub, FakeRegistry
from voicebot.settings import load_settings


@pytest.fixture(scope="session")
def models() -> Path:
    """The real store: VOICEBOT_MODELS or the default."""
    return load_settings().models


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    """A publisher's hub on the loopback."""
    with FakeHub() as running:
        yield running


@pytest.fixture
def registry() -> FakeRegistry:
    """A package registry in memory."""
    return FakeRegistry()
