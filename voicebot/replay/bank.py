"""A bank of calls: a folder of YAML files, one YAML file, or recordings; each call a script."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from voicebot.replay.fit import script_of
from voicebot.replay.script import BankError, Script, read_script

MOST_BYTES = 4_000_000


def load_bank(paths: Iterable[Path]) -> list[Script]:
    """Every call of what is named, in order. Raises BankError for what cannot be replayed."""
    scripts = [script for path in paths for script in _load(path)]
    seen: set[str] = set()
    for script in scripts:
        if script.name in seen:
            raise BankError(f"two calls are named {script.name!r}; results would mix")
        seen.add(script.name)
    return scripts


def _load(path: Path) -> list[Script]:
    if path.is_dir():
        files = sorted({*path.glob("*.yaml"), *path.glob("*.yml")})
        files = files or sorted(path.glob("*.wav"))
        if not files:
            raise BankError(f"{path}: no .yaml and no .wav file in this folder")
        return [script for file in files for script in _load(file)]
    if path.suffix.lower() in (".yaml", ".yml"):
        return _read(path)
    return [script_of(path, path.stem)]


def _read(path: Path) -> list[Script]:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BankError(f"{path}: a bank's file is at most {MOST_BYTES // 10**6} MB of text")
        tree = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError) as error:
        what = " ".join(str(error).split())[:200]
        raise BankError(f"{path}: no YAML can be read here: {what}") from None
    calls = tree.get("calls") if isinstance(tree, dict) else tree
    if not isinstance(calls, list) or not calls:
        raise BankError(f"{path}: a list of calls is expected, or a table with 'calls'")
    defaults = tree.get("defaults", {}) if isinstance(tree, dict) else {}
    if not isinstance(defaults, dict):
        raise BankError(f"{path}: defaults: a table is expected")
    return [
        _call(call, defaults, f"{path}, entry {number}", path.parent)
        for number, call in enumerate(calls, start=1)
    ]


def _call(call: Any, defaults: dict[str, Any], where: str, folder: Path) -> Script:
    if isinstance(call, dict):
        call = {**defaults, **call}
        if "recording" in call:
            return _recorded(call, where, folder)
    return read_script(call, where, folder)


def _recorded(call: dict[str, Any], where: str, folder: Path) -> Script:
    """A recording with what is known of it: `transcript`, a text a turn, with checks behind it."""
    path = folder / str(call.pop("recording"))
    if not path.is_file():
        raise BankError(f"{where}: there is no file {path}")
    transcript = call.pop("transcript", [])
    if not isinstance(transcript, list):
        raise BankError(f"{where}: transcript: a list is expected, a text a turn of the caller")
    name = str(call.get("name") or path.stem)
    return script_of(path, name, [str(each) for each in transcript], call, where)
