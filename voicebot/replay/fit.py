"""From a recorded call to a script: its caller fitted to a bot that now answers differently.

The caller's stretches of speech become turns. One that began while the recorded bot spoke is said
when the new bot has spoken for as long; any other waits for the end of the new bot's turn, and then
as long as that caller took.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from voicebot.replay.script import LONGEST_CALL_S, PAUSE_MS, BankError, Script, read_script
from voicebot.replay.tape import Sound, sounds
from voicebot.replay.voicing import is_silent, read_tape

TURN_GAP_MS = 700
MARGIN_MS = 120
LEAST_PAUSE_MS, MOST_PAUSE_MS = 800, 4000
"""A bot pauses between sentences; who waits for less speaks into the next one."""
_SHORT_REPLY_S = 30.0


def script_of(
    path: Path,
    name: str,
    transcript: Sequence[str] = (),
    call: Mapping[str, Any] | None = None,
    where: str = "",
) -> Script:
    """The script of a stereo recording (caller left, bot right) or of mono caller audio.

    `transcript` gives the text of each turn, perhaps with what is expected; `call` the other keys
    of a script. Raises BankError for a recording in which nobody speaks, or that cannot be read.
    """
    tape = read_tape(path)
    where = where or str(path)
    if is_silent(tape[0]):
        raise BankError(f"{path}: nobody speaks in it: silence only, in the caller's channel")
    caller = sounds(tape[0], join_gap_ms=TURN_GAP_MS)
    bot = sounds(tape[1]) if len(tape) > 1 else []
    length_ms = tape.shape[1] // 8
    if transcript and len(transcript) != len(caller):
        raise BankError(
            f"{where}: {len(transcript)} texts for {len(caller)} turns that can be heard in {path}"
        )
    turns = [
        {
            "wav": str(path.resolve()),
            "from_ms": max(0, sound.start_ms - MARGIN_MS),
            "to_ms": min(length_ms, sound.end_ms + MARGIN_MS),
            **_when(sound, bot),
        }
        for sound in caller
    ]
    longest_s = min(LONGEST_CALL_S, length_ms / 1000 * 2 + _SHORT_REPLY_S * (len(caller) + 1))
    tree = {"longest_s": longest_s, **(call or {}), "name": name, "turns": turns}
    for turn, text in zip(turns, transcript, strict=False):
        _, _, checks = text.partition(" => ")
        turn["expect"] = checks
    script = read_script(tree, where, path.parent)
    return _with_texts(script, transcript)


def _when(sound: Sound, bot: Sequence[Sound]) -> dict[str, int]:
    over = next((b for b in bot if b.start_ms < sound.start_ms < b.end_ms), None)
    if over is not None:
        return {"over_bot_ms": sound.start_ms - over.start_ms}
    before = [b.end_ms for b in bot if b.end_ms <= sound.start_ms]
    took = sound.start_ms - before[-1] if before else PAUSE_MS
    return {"pause_ms": min(max(took, LEAST_PAUSE_MS), MOST_PAUSE_MS)}


def _with_texts(script: Script, transcript: Sequence[str]) -> Script:
    texts = [text.partition(" => ")[0].strip() for text in transcript]
    turns = [
        replace(turn, say=text) for turn, text in zip(script.turns, texts, strict=False)
    ] or script.turns
    return replace(script, turns=tuple(turns))
