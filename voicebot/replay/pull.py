"""Real calls into a bank: what was kept of them, masked, with the recording where it may be used.

What the caller was heard to say stands as the transcript: read it, and correct it, before relying
on its error rate. What the bot did stands as what is expected.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from asr_models.wav import write_wav
from voicebot.records.masking import mask
from voicebot.records.views import CallView
from voicebot.replay.script import BankError
from voicebot.replay.voicing import read_tape

MARGIN_MS = 150
_A_NUMBER = 5  # keys


def pull_call(view: CallView, recording: Path | None, folder: Path) -> Path:
    """Write one call into the bank `folder` as ``ID.yaml``, and its caller's audio beside it.

    Turns whose words hold what is masked (numbers, names of accounts) are silenced in the audio:
    their text is said by a voice instead, as masked. Raises BankError if nothing was said in it.
    """
    turns = _turns(view)
    if not turns:
        raise BankError(
            f"call {view.call.id[:8]}: the caller says nothing in it; nothing to replay"
        )
    name = re.sub(r"\W", "", view.call.id)[:12]
    folder.mkdir(parents=True, exist_ok=True)
    if recording is not None:
        _cut(turns, recording, folder, name)
    tree = {
        "name": f"call-{name}",
        "kind": "pulled",
        "end": _end(view),
        "turns": [_written(turn) for turn in turns],
    }
    path = folder / f"{name}.yaml"
    text = yaml.safe_dump([tree], allow_unicode=True, sort_keys=False, width=100)
    path.write_text(
        f"# Pulled from a kept call: read the texts, correct what was misheard.\n{text}"
    )
    return path


def _turns(view: CallView) -> list[dict[str, Any]]:
    """Each with `say`, `expect`, and where it lies in the recording."""
    found: list[dict[str, Any]] = []
    speaking_from = None
    for event in view.events:
        data = event.data
        if event.kind == "caller_spoke" and data["text"]:
            turn: dict[str, Any] = {
                "say": mask(str(data["text"])),
                "_from": int(data["speech_start_ms"]),
                "_to": int(data["speech_end_ms"]),
                "_expect": [],
            }
            if data.get("barged_in") and speaking_from is not None:
                over_ms = int(data["speech_start_ms"]) - speaking_from
                turn["over_bot_ms"] = min(max(over_ms, 0), 60_000)
            found.append(turn)
        elif event.kind == "digit_pressed":
            _press(found, str(data["digit"]))
        elif event.kind == "bot_spoke":
            speaking_from = event.at_ms
            if found:
                found[-1]["_expect"] += _acts(data)
        elif event.kind == "handoff_started" and found:
            found[-1]["_expect"].append(f"handoff:{data['reason']}")
    return found


def _press(found: list[dict[str, Any]], key: str) -> None:
    """Keys in a row are one turn; so many that they may be a number are not told."""
    if not found or "dtmf" not in found[-1]:
        found.append({"dtmf": "", "_from": 0, "_to": 0, "_expect": []})
    keys = found[-1]["dtmf"] + key
    found[-1]["dtmf"] = re.sub(r"\d", "0", keys) if len(keys) >= _A_NUMBER else keys


def _acts(data: Any) -> Iterable[str]:
    yield from (f"answer:{each['id']}" for each in data.get("citations", ()))
    yield from (f"{key}:{data[key]}" for key in ("branch", "slot") if data.get(key))


def _end(view: CallView) -> str:
    for event in view.events:
        if event.kind == "handoff_started":
            return f"handoff {event.data['reason']}"
    goodbye = any(e.kind == "bot_spoke" and e.data.get("kind") == "goodbye" for e in view.events)
    return "solved" if goodbye else ""


def _cut(turns: Sequence[dict[str, Any]], recording: Path, folder: Path, name: str) -> None:
    """The caller's own sound for each turn that holds nothing personal; nothing else is copied."""
    caller = read_tape(recording)[0]
    for number, turn in enumerate(turns, start=1):
        if "dtmf" in turn or "*" in turn["say"]:
            continue
        begin = max(0, turn["_from"] - MARGIN_MS) * 8
        pcm = np.ascontiguousarray(caller[begin : (turn["_to"] + MARGIN_MS) * 8])
        if len(pcm):
            file = folder / f"{name}-{number}.wav"
            write_wav(file, pcm, 8000, encoding="alaw")
            turn["wav"] = file.name


def _written(turn: dict[str, Any]) -> dict[str, Any]:
    tree = {key: value for key, value in turn.items() if not key.startswith("_")}
    if turn["_expect"]:
        tree["expect"] = " ".join(dict.fromkeys(turn["_expect"]))
    return tree
