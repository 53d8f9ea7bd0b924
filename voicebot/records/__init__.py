"""Calls, turns, audio: append-only, masked, crash-safe."""
