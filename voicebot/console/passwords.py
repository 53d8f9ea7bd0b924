"""Passwords: Argon2id hashes (RFC 9106, second recommended choice: 64 MiB, 3 passes), and which
ones are good enough."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MIN_CHARS, MAX_CHARS = 10, 128
# Without letters that look alike: it is read off a terminal.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_GROUPS, _GROUP_CHARS = 4, 5
_COMMON = ("password", "12345", "qwert", "admin", "voicebot", "abcde", "11111", "00000", "88888")

HASHER = PasswordHasher()


def hash_password(password: str, hasher: PasswordHasher = HASHER) -> str:
    """What is stored of a password."""
    return hasher.hash(password)


def matches(stored: str, password: str, hasher: PasswordHasher = HASHER) -> bool:
    """Whether a password is the one that was hashed."""
    try:
        return hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


def one_time_password() -> str:
    """Twenty characters of chance (99 bits), in groups: k7mf2-…"""
    return "-".join(
        "".join(secrets.choice(_ALPHABET) for _ in range(_GROUP_CHARS)) for _ in range(_GROUPS)
    )


def weakness(password: str, name: str) -> str:
    """What is wrong with a new password, for its owner to read; empty if it may be used."""
    if not MIN_CHARS <= len(password) <= MAX_CHARS:
        return f"密码要有 {MIN_CHARS} 到 {MAX_CHARS} 个字符。"
    lowered = password.lower()
    if name.lower() in lowered and len(name) > 2:
        return "密码里不能有用户名。"
    if len(set(lowered)) < 5 or any(
        each in lowered and len(lowered) < len(each) + 8 for each in _COMMON
    ):
        return "这个密码太容易猜到，请换一个。"
    return ""
