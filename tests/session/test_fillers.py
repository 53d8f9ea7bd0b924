"""Fillers: never the same twice in a row, and not the same first one in every call."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

from telephony.file_line import FileCall
from voicebot.dialog.state import DialogState
from voicebot.pack import Prompts
from voicebot.session.speaking import Speaking
from voicebot.session.talk import Talk

PROMPTS = Prompts({"filler": ("好，我查一下。", "稍等，我看看资料。", "请稍等一下。")})


def speaking(call_id: str) -> Speaking:
    call = FileCall(b"")
    call._info = dataclasses.replace(call.info, call_id=call_id)
    unused: Any = None
    return Speaking(Talk(call, DialogState(), print), unused, PROMPTS, unused, unused)


async def test_no_filler_comes_twice_in_a_row() -> None:
    voice = speaking("one")
    said = [voice._next_filler() for _ in range(10)]
    assert all(before != after for before, after in pairwise(said))
    assert set(said) == set(PROMPTS.variants["filler"])


async def test_calls_do_not_all_begin_with_the_same_filler() -> None:
    first = {speaking(f"call {n}")._next_filler() for n in range(12)}
    assert len(first) > 1
