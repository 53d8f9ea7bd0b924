"""The web console: calls as they happen and as they were kept. Read-only, on loopback only."""

from voicebot.console.live import LiveCalls
from voicebot.console.server import open_listener, running

__all__ = ["LiveCalls", "open_listener", "running"]
