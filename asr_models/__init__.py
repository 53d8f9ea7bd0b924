"""The ears: given a folder of weights and PCM they give text. They know nothing of calls."""

from asr_models.api import (
    Alternative,
    Partial,
    Recognition,
    RecognitionStream,
    Recognizer,
    Span,
    StreamingRecognizer,
)

__all__ = [
    "Alternative",
    "Partial",
    "Recognition",
    "RecognitionStream",
    "Recognizer",
    "Span",
    "StreamingRecognizer",
]
