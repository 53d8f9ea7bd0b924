"""What the repair of a call's texts needs is loaded before the first call."""

from __future__ import annotations

import jieba
import pytest

from voicebot.ears import build_domain
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK, load_settings


def test_the_dictionary_is_loaded_before_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    # all that loading sets is put back: words that others taught it would else be gone
    for name, unloaded in (("initialized", False), ("FREQ", {}), ("total", 0)):
        monkeypatch.setattr(jieba.dt, name, unloaded)
    build_domain(load_settings(environ={}), load_pack(SERVER_PACK))
    assert jieba.dt.initialized
