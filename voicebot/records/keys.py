"""The secret of a store: with it, and only with it, a caller's number can be found or read again.

Numbers are stored masked. Two things still need the whole number: to find the calls of one caller
(deletion on request, calls repeated within days) a keyed pseudonym is enough; to ring a caller back
it must be read, so it is kept encrypted (AES-256-GCM). Without the key file both are noise: who
copies the database learns nothing.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import re
import secrets
import unicodedata
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from voicebot.errors import RecordsError

_KEY_BYTES = 32
_NONCE_BYTES = 12
_NOT_DIGITS = re.compile(r"\D")
_COUNTRY = re.compile(r"^(?:00)?86(?=1[3-9]\d{9}$|0?\d{9,11}$)")
_TRUNK_ZERO = re.compile(r"^0(?=[1-9]\d{8,10}$)")  # of an area, and before a mobile from afar


class CallerKeys:
    """Pseudonyms and sealed values of one store."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != _KEY_BYTES:
            raise RecordsError(f"records: a key has {_KEY_BYTES} bytes; this one {len(secret)}")
        # One secret, two keys: what is learnt of the one tells nothing of the other.
        self._pseudonym_key = hmac.digest(secret, b"pseudonym", "sha256")
        self._cipher = AESGCM(hmac.digest(secret, b"seal", "sha256"))

    @classmethod
    def load(cls, path: Path, *, create: bool = True) -> CallerKeys:
        """From a file of 64 hexadecimal digits; made, for its owner only, if it is missing.

        Raises RecordsError.
        """
        try:
            if create and not path.exists():
                _write_new(path)
            return cls(bytes.fromhex(path.read_text(encoding="ascii").strip()))
        except FileNotFoundError:
            raise RecordsError(
                f"records: the key file {path} is missing; without it callers' numbers cannot be "
                "found or read"
            ) from None
        except OSError as error:
            raise RecordsError(f"records: key file {path}: {error.strerror}") from None
        except ValueError:
            raise RecordsError(
                f"records: key file {path}: expected 64 hexadecimal digits; put back the right file"
            ) from None

    def pseudonym(self, number: str) -> str:
        """The same for every way of writing one number; empty for a number that is none."""
        plain = normal_number(number)
        return hmac.digest(self._pseudonym_key, plain.encode(), "sha256").hex() if plain else ""

    def seal(self, value: str, call_id: str) -> bytes:
        """Encrypt a value of a call; it can only be opened as a value of that call."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, value.encode(), call_id.encode())

    def open(self, sealed: bytes, call_id: str) -> str:
        """Raises RecordsError if it was sealed with another key, or altered."""
        nonce, box = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, box, call_id.encode()).decode()
        except (InvalidTag, ValueError):
            raise RecordsError(
                "records: this number was sealed with another key, or altered; "
                "put back the store's own key file"
            ) from None

    def opens(self, sealed: bytes, call_id: str) -> bool:
        """Whether `open` would."""
        try:
            self.open(sealed, call_id)
        except RecordsError:
            return False
        return True


def normal_number(number: str) -> str:
    """The digits of a telephone number as abroad it is dialled, without China's country code: no 0
    before the area or the mobile number; a name in lower case."""
    number = unicodedata.normalize("NFKC", number)
    digits = _NOT_DIGITS.sub("", number)
    if len(digits) < 3 or re.search(r"[A-Za-z]{2}", number):
        name = number.strip().lower()
        return "" if name in ("", "anonymous", "unknown") else name
    return _TRUNK_ZERO.sub("", _COUNTRY.sub("", digits))


def _write_new(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_hex(_KEY_BYTES) + "\n")
    try:
        # Whole or not at all; if another process was quicker, its key is the store's.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
