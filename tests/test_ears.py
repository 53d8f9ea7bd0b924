"""What the ears make ready before the first call."""

from __future__ import annotations

import os
import sys
import threading

import jieba
import pytest

from voicebot.ears import LOWEST, at_lowest_priority, build_domain
from voicebot.errors import WeightsError
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK, Settings


def test_the_dictionary_is_loaded_before_the_first_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jieba.dt, "initialized", False)
    build_domain(Settings(), load_pack(SERVER_PACK))
    assert jieba.dt.initialized


def test_what_listens_on_has_threads_of_the_lowest_priority() -> None:
    found: list[int] = []

    def build() -> str:
        thread = threading.Thread(
            target=lambda: found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        )
        thread.start()
        thread.join()
        return "made"

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert at_lowest_priority(build) == "made"
    assert found == [LOWEST if sys.platform == "linux" else before]
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before


def test_what_cannot_be_built_is_told_to_who_asked() -> None:
    def build() -> None:
        raise WeightsError("whisper-base: not there")

    with pytest.raises(WeightsError, match="not there"):
        at_lowest_priority(build)
