"""Bringing a human: the story package, seat choice, typed outcomes."""
