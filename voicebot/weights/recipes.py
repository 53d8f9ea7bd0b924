"""Which conversions exist, and what the result of one depends on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from voicebot.weights.manifest import Manifest, Weight


@dataclass(frozen=True)
class Converter:
    """A conversion: `module` offers ``convert(source, target, report)``.

    `version` is raised whenever the module would write other bytes; stores then convert again.
    """

    module: str
    version: int


CONVERTERS = {
    "e5": Converter("voicebot.weights.convert_e5", 1),
    "gguf": Converter("voicebot.weights.convert_gguf", 1),
    "kokoro": Converter("voicebot.weights.convert_kokoro", 2),
}


def recipe(weight: Weight, manifest: Manifest) -> dict[str, Any]:
    """The source's hashes and the converter's version, as kept in the conversion record."""
    source = manifest.get(weight.converted_from)
    return {
        "source": {file.path: file.sha256 for file in source.files},
        "converter": weight.converter,
        "version": CONVERTERS[weight.converter].version,
    }
