"""Exceptions of the phone line."""


class LineError(Exception):
    """The line cannot do what was asked; ``str()`` is one line for the operator."""


class PortInUseError(LineError):
    """The SIP listen address is taken by another program."""
