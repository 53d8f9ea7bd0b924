"""What the ears make ready before the first call."""

from __future__ import annotations

import jieba
import pytest

from voicebot.ears import build_domain
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK, Settings


def test_the_dictionary_is_loaded_before_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jieba.dt, "initialized", False)
    build_domain(Settings(), load_pack(SERVER_PACK))
    assert jieba.dt.initialized
