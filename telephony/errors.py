"""Exceptions of the phone line."""


class LineError(Exception):
    """The line cannot do what was asked; ``str()`` is one line for the operator."""


class PortInUseError(LineError):
    """The SIP listen address is taken by another program."""


class WavError(LineError):
    """A file is no wav, or not one that the line can play."""


class ScriptError(LineError):
    """A caller's script is not what `telephony.loopback.script` understands."""


class TapeError(LineError, OSError):
    """A recording cannot be made or goes no further; the call goes on without it."""
