"""Errors of the ears, on one screen.

AsrError
├── AsrModelError       a weights folder or file is missing, incomplete or not a model
└── AudioFormatError    bytes are no WAV, or one we cannot read; samples of a wrong kind
"""


class AsrError(Exception):
    """Base of what this package raises. ``str()`` is one line."""


class AsrModelError(AsrError):
    """A weights folder or file is missing, incomplete or not a model."""


class AudioFormatError(AsrError):
    """Bytes are no WAV, or one we cannot read; or samples are of a wrong kind."""
