"""Where the weights are for these tests; a missing folder fails the test, it never skips."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.settings import load_settings


@pytest.fixture(scope="session")
def models() -> Path:
    return load_settings().models
