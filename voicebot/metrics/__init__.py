"""Metrics and traces for operators, from the same events that records are made from."""

from voicebot.metrics.watching import Watching

__all__ = ["Watching"]
