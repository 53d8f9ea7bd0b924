"""What tells one state of the reading rules from another: their own source.

Prepared speech is keyed by it. A version raised by hand is forgotten; a rule is code as much as it
is a pattern, so tables alone would not do.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable


@functools.cache
def source_digest() -> str:
    """sha256 over the modules that say how text is read and pronounced, hexadecimal."""
    speech = files("voicebot.speech")
    modules = [each for each in speech.joinpath("reading").iterdir() if each.name.endswith(".py")]
    return digest_of([speech.joinpath("pronunciation.py"), *modules])


def digest_of(modules: Sequence[Traversable]) -> str:
    """sha256 over the names and contents of `modules`, in whatever order they come."""
    digest = hashlib.sha256()
    for module in sorted(modules, key=lambda each: each.name):
        content = hashlib.sha256(module.read_bytes()).hexdigest()
        digest.update(f"{module.name} {content}\n".encode())
    return digest.hexdigest()
