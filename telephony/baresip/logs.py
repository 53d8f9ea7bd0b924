"""The stack's log lines quote the network; they are made fit for a terminal here."""

from __future__ import annotations

import logging

from telephony.network_text import plain

LOGGERS = ("baresip.native", "baresip.native.sip", "baresip.ua", "baresip.call", "baresip.runtime")
_CHARS = 2000


class PlainText(logging.Filter):
    """Takes control sequences and direction marks out of a record's text."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = plain(record.getMessage(), _CHARS), ()
        return True


_plain_text = PlainText()


def clean_logs() -> None:
    """From now on the stack's loggers say plain text only. Idempotent."""
    for name in LOGGERS:
        logging.getLogger(name).addFilter(_plain_text)
