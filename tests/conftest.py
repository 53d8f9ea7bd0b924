"""Fixtures that every room shares."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.settings import load_settings


@pytest.fixture(scope="session")
def models() -> Path:
    """The weights folder, as the settings find it. Tests that need weights fail without them."""
    return load_settings().models
