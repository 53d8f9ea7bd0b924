"""The ears: given a folder of weights and PCM they give text. They know nothing of calls."""

from asr_models.api import Alternative, Recognition, Recognizer

__all__ = ["Alternative", "Recognition", "Recognizer"]
