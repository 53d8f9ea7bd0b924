"""The demo company's pack and its dialog, read once for all tests: neither ever changes."""

from __future__ import annotations

from functools import cache

from voicebot.dialog.policy import Dialog
from voicebot.pack import Pack
from voicebot.pack_loader import load_pack
from voicebot.settings import SERVER_PACK


@cache
def server_pack() -> Pack:
    """The pack as it is loaded."""
    return load_pack(SERVER_PACK)


@cache
def server_dialog() -> Dialog:
    """A dialog over it that answers even what it is not sure of."""
    return Dialog(server_pack(), answer_risk=0.5)
