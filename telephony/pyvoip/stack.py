"""The one door to pyVoIP: the names of it that the backend uses."""

import warnings

with warnings.catch_warnings():
    # pyVoIP imports audioop, which says on every import that it will go in Python 3.13.
    warnings.simplefilter("ignore", DeprecationWarning)
    import pyVoIP.VoIP  # noqa: F401  # first, or its modules import each other half-made
    from pyVoIP.RTP import PayloadType, RTPClient, RTPMessage, TransmitType
    from pyVoIP.SIP import SIPClient, SIPMessage, SIPMessageType, SIPParseError

__all__ = [
    "PayloadType",
    "RTPClient",
    "RTPMessage",
    "SIPClient",
    "SIPMessage",
    "SIPMessageType",
    "SIPParseError",
    "TransmitType",
]
