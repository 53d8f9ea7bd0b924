"""What the demo's caller does, step by step (see `telephony.loopback.caller`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

# How long the caller waits for a reply before the demo calls it dead air.
REPLY_TIMEOUT_MS = 15_000
# The bot has finished when it was quiet for this long: longer than its pauses between clauses.
QUIET_MS = 700
SEAT_RINGS_MS = 800
# A seat reads the summary before speaking; the pause also parts its voice from the ringback.
SEAT_READS_MS = 2500


def caller_steps(fixtures: Path) -> list[dict[str, Any]]:
    """The demo call: greeting, document answer, diagnosis, barge-in, refusal, human."""

    def say(name: str) -> dict[str, Any]:
        return {"play": str(fixtures / f"{name}.wav")}

    listen = {"wait_reply": {"min_ms": 300, "quiet_ms": QUIET_MS, "timeout_ms": REPLY_TIMEOUT_MS}}
    # An answer that is voiced live follows a filler after a moment.
    listen_long = {"wait_reply": {"min_ms": 2000, "quiet_ms": 1500, "timeout_ms": REPLY_TIMEOUT_MS}}
    return [
        listen,
        say("ask_part"),
        listen_long,
        say("disk_missing"),
        listen,
        say("raid_no"),
        {"play_over": str(fixtures / "barge_in.wav"), "after_speech_ms": 1500},
        listen_long,
        say("off_topic"),
        listen,
        say("human"),
        listen,
        # The seat's phone rings, then the seat says hello.
        listen,
        say("caller_to_seat"),
        {"wait_ms": 800},
        {"hangup": True},
    ]
