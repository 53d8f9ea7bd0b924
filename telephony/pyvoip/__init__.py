"""The phone line on pyVoIP: `telephony.pyvoip.line.PyVoipEndpoint`.

pyVoIP is GPL-3 and an extra of its own; nothing imports this package unless it is chosen. It
subclasses pyVoIP at run time and holds none of its text.
"""

import importlib

from telephony.errors import LineError


class MissingExtraError(LineError, ImportError):
    """pyVoIP, or on Python 3.13 its audioop, is not installed."""


try:
    importlib.import_module("telephony.pyvoip.stack")
except ImportError as error:
    raise MissingExtraError(
        f"the pyvoip backend needs pyVoIP 1.6.8 (GPL-3): pip install 'voicebot[pyvoip]' ({error})"
    ) from None
