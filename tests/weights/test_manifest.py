"""The manifest that ships: complete, consistent, exact versions."""

from __future__ import annotations

import re

from voicebot.weights import load_manifest
from voicebot.weights.recipes import CONVERTERS


def test_every_file_has_sources_and_parts_add_up() -> None:
    for weight in load_manifest().weights.values():
        assert weight.files or CONVERTERS[weight.converter]
        for file in weight.files:
            assert re.fullmatch("[0-9a-f]{64}", file.sha256)
            assert file.parts
            assert sum(part.size for part in file.parts) == file.size
            assert all(url.startswith("https://") for url in file.urls)


def test_every_package_is_pinned_to_one_version() -> None:
    for weight in load_manifest().weights.values():
        for file in weight.files:
            for part in file.parts:
                pattern = r"[\w-]+==[\d.]+" if part.package.client == "pip" else r"[\w-]+@[\d.]+"
                assert re.fullmatch(pattern, part.package.spec)


def test_a_set_brings_the_sources_of_its_conversions_first() -> None:
    manifest = load_manifest()
    names = [weight.name for weight in manifest.expand(["llm"])]
    assert names == ["qwen2.5-coder-1.5b-gguf", "qwen2.5-coder-1.5b"]
    everything = {weight.name for weight in manifest.expand(["all"])}
    assert everything == set(manifest.weights)
