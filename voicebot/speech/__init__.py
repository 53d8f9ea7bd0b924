"""Text to telephone audio: reading rules, clauses, voices, prepared-speech cache."""
