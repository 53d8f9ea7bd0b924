"""Fixtures of the turns room."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from voicebot.settings import Settings


@pytest.fixture(scope="session")
def models() -> Path:
    """The weights folder."""
    default = Settings.model_fields["models"].get_default(call_default_factory=True)
    return Path(os.environ.get("VOICEBOT_MODELS", default))
