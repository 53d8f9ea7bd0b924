"""The web console: what seats, supervisors, testers and admins sit before."""

from voicebot.console.accounts import first_admin
from voicebot.console.house import House
from voicebot.console.live import LiveCalls
from voicebot.console.server import open_listener, running

__all__ = ["House", "LiveCalls", "first_admin", "open_listener", "running"]
