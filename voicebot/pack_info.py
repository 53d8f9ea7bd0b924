"""Reads a pack's pack.toml: who the company is, and how its bot sounds."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from voicebot.pack import DANGER_WORDS, SENSITIVE_TOPICS, PackInfo, VoiceChoice
from voicebot.pack_yaml import MAX_FILE_BYTES, Problems

PACK_TOML_KEYS = (
    "name", "company", "hotline", "asr_prompt", "danger_words", "handoff_skill", "voice",
    "sensitive",
)  # fmt: skip


def read_info(path: Path, problems: Problems) -> PackInfo:
    """The pack's facts; what is wrong with them is added to `problems`."""
    table: dict[str, Any] = {}
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            problems.add("pack.toml", 0, "size", f"{MAX_FILE_BYTES} bytes", "more")
        else:
            table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        problems.add("pack.toml", 0, "file", "a readable file", error.strerror or "?")
        return PackInfo("", "", "", VoiceChoice())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        problems.add("pack.toml", 0, "syntax", "valid TOML", str(error), "correct it")
    toml = _Toml(table, "", problems)
    toml.known(PACK_TOML_KEYS)
    topics = _Toml(toml.table("sensitive"), "sensitive.", problems)
    voice = _Toml(toml.table("voice"), "voice.", problems)
    voice.known(["name", "speed"])
    speed = voice.number("speed", 1.0)
    if not 0.5 <= speed <= 2.0:
        problems.add("pack.toml", 0, "voice.speed", "0.5 to 2.0", str(speed))
    return PackInfo(
        name=toml.text("name", required=True),
        company=toml.text("company", required=True),
        hotline=toml.text("hotline", required=True),
        voice=VoiceChoice(voice.text("name") or VoiceChoice.name, speed),
        asr_prompt=toml.text("asr_prompt"),
        danger_words=toml.texts("danger_words") or DANGER_WORDS,
        handoff_skill=toml.text("handoff_skill"),
        sensitive={**SENSITIVE_TOPICS, **{name: topics.texts(name) for name in topics.raw}},
    )


class _Toml:
    """Typed getters over a TOML table that note problems and return defaults."""

    def __init__(self, raw: Mapping[str, Any], prefix: str, problems: Problems) -> None:
        self.raw = raw
        self.prefix = prefix
        self.problems = problems

    def _wrong(self, key: str, expected: str, got: str, do: str = "") -> None:
        self.problems.add("pack.toml", 0, self.prefix + key, expected, got, do)

    def known(self, keys: Sequence[str]) -> None:
        for key in self.raw:
            if key not in keys:
                self._wrong(key, f"one of {', '.join(keys)}", "an unknown key", "correct it")

    def text(self, key: str, *, required: bool = False) -> str:
        value = self.raw.get(key, "")
        if not isinstance(value, str) or (required and not value):
            self._wrong(key, "a text", repr(value) if key in self.raw else "nothing", "set it")
            return ""
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.raw.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) and each for each in value):
            self._wrong(key, "a list of texts", repr(value))
            return ()
        return tuple(value)

    def number(self, key: str, default: float) -> float:
        value = self.raw.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._wrong(key, "a number", repr(value))
            return default
        return float(value)

    def table(self, key: str) -> dict[str, Any]:
        value = self.raw.get(key, {})
        if not isinstance(value, dict):
            self._wrong(key, f"a table [{key}]", repr(value))
            return {}
        return value
