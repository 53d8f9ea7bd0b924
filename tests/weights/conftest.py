"""Fixtures of the weights tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.weights.fakes import FakeHub, FakeRegistry


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    """A publisher's hub on the loopback."""
    with FakeHub() as running:
        yield running


@pytest.fixture
def registry() -> FakeRegistry:
    """A package registry in memory."""
    return FakeRegistry()
