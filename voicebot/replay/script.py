"""A scripted caller: who says what, and when. Read from YAML; frozen.

A turn is a line of text, perhaps with what must hold of the reply (``没做 => branch:no_raid``),
or a table: one of ``say``, ``wav``, ``dtmf``, ``silence_ms``, ``hang_up``; when: ``over_bot_ms``
(the bot has been speaking for so long), ``at_ms`` (of the call), ``pause_ms`` (after the bot's turn
ended, the default); and ``expect``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from voicebot.errors import VoicebotError

LONGEST_CALL_S = 600
LONGEST_WAIT_MS = 120_000
MOST_TURNS = 200
PAUSE_MS = 1000


class BankError(VoicebotError):
    """A bank, script or recording that cannot be replayed."""


@dataclass(frozen=True)
class Expected:
    """One thing that must hold of a reply, or of a call: `kind` as in docs/replay.md."""

    kind: str
    value: str = ""

    def __str__(self) -> str:
        return f"{self.kind}:{self.value}" if self.value else self.kind


@dataclass(frozen=True)
class Turn:
    """One thing that the caller does. Times in ms; None: does not apply."""

    say: str = ""
    wav: Path | None = None
    from_ms: int = 0
    to_ms: int | None = None
    dtmf: str = ""
    silence_ms: int = 0
    hang_up: bool = False
    over_bot_ms: int | None = None
    at_ms: int | None = None
    pause_ms: int = PAUSE_MS
    expect: tuple[Expected, ...] = ()


@dataclass(frozen=True)
class Effects:
    """What the line does to the caller's sound.

    `snr_db` of noise under speech, `loss` the share of packets lost (in bursts of `burst` on
    average), `echo_db` how loud the bot comes back (negative), `level_dbov` of the speech.
    """

    snr_db: float | None = None
    noise: str = "line"
    loss: float = 0.0
    burst: float = 1.5
    echo_db: float | None = None
    level_dbov: float = -25.0


@dataclass(frozen=True)
class Script:
    """One call of a bank. `end` is ``solved``, ``handoff REASON`` or empty: anything."""

    name: str
    turns: tuple[Turn, ...]
    kind: str = ""
    end: str = ""
    must: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    voice: str = ""
    speed: float = 1.0
    effects: Effects = field(default_factory=Effects)
    seat: str = "accepted"
    longest_s: float = 240.0
    ci: bool = False


KINDS = (
    "has", "any", "not", "slot", "branch", "scene", "answer", "kind", "handoff", "message",
    "bye", "offer", "none", "stops", "goes_on", "number",
)  # fmt: skip
_BARE = ("bye", "offer", "none", "stops", "goes_on")
_VALUED = "|".join(kind for kind in KINDS if kind not in _BARE)
_CHECK = re.compile(rf"(?:^|\s)(?=(?:{_VALUED}):|(?:{'|'.join(_BARE)})(?:\s|$))")
_TURN_KEYS = {
    "say", "wav", "from_ms", "to_ms", "dtmf", "silence_ms", "hang_up",
    "over_bot_ms", "at_ms", "pause_ms", "expect",
}  # fmt: skip
_DOES = ("say", "wav", "dtmf", "silence_ms", "hang_up")
_CALL_KEYS = {
    "name", "kind", "end", "must", "never", "voice", "speed", "line", "seat", "longest_s", "ci",
    "turns",
}  # fmt: skip
_SEATS = ("accepted", "busy", "no_answer", "nobody")


def expected(text: str, where: str) -> tuple[Expected, ...]:
    """``slot:raid_done has:RAID&驱动 bye`` to its parts; a value may hold spaces."""
    found = []
    for each in (part.strip() for part in _CHECK.split(text) if part.strip()):
        kind, _, value = each.partition(":")
        if kind not in KINDS:
            raise BankError(f"{where}: what is expected: {each!r}; known are {', '.join(KINDS)}")
        found.append(Expected(kind, value.strip()))
    return tuple(found)


def read_script(tree: Any, where: str, folder: Path) -> Script:
    """One call from its YAML. Raises BankError, which names the place and what was expected."""
    if not isinstance(tree, Mapping) or not isinstance(tree.get("turns"), list):
        raise BankError(f"{where}: a call is a table with 'name' and a list 'turns'")
    name = str(tree.get("name", "")).strip()
    if not name or "/" in name or name.startswith("."):
        raise BankError(f"{where}: 'name' is expected, fit for a file's name; got {name!r}")
    where = f"{where}, call {name}"
    _only(tree, _CALL_KEYS, where)
    if len(tree["turns"]) > MOST_TURNS:
        raise BankError(f"{where}: {len(tree['turns'])} turns; at most {MOST_TURNS} are played")
    turns = tuple(
        _turn(each, f"{where}, turn {number}", folder)
        for number, each in enumerate(tree["turns"], start=1)
    )
    longest_s = _number(tree.get("longest_s", 240), f"{where}: longest_s", 1, LONGEST_CALL_S)
    waits_ms = sum(turn.silence_ms for turn in turns)
    if waits_ms > longest_s * 1000:
        raise BankError(
            f"{where}: it never ends: {waits_ms / 1000:.0f} s of silence in a call of at most "
            f"{longest_s:.0f} s (longest_s, up to {LONGEST_CALL_S})"
        )
    seat = str(tree.get("seat", "accepted"))
    if seat not in _SEATS:
        raise BankError(f"{where}: seat: one of {', '.join(_SEATS)} is expected, got {seat!r}")
    return Script(
        name=name,
        turns=turns,
        kind=str(tree.get("kind", "")),
        end=str(tree.get("end", "")),
        must=_texts(tree, "must", where),
        never=_texts(tree, "never", where),
        voice=str(tree.get("voice", "")),
        speed=_number(tree.get("speed", 1.0), f"{where}: speed", 0.5, 2.0),
        effects=_effects(tree.get("line", {}), where),
        seat=seat,
        longest_s=longest_s,
        ci=bool(tree.get("ci", False)),
    )


def _turn(each: Any, where: str, folder: Path) -> Turn:
    if isinstance(each, str):
        said, _, checks = each.partition(" => ")
        return Turn(say=said.strip(), expect=expected(checks, where))
    if not isinstance(each, Mapping):
        raise BankError(f"{where}: a text or a table is expected, got {each!r}")
    _only(each, _TURN_KEYS, where)
    does = {key for key in _DOES if key in each}
    if len(does) != 1 and does != {"say", "wav"}:  # a recording with what is said in it
        raise BankError(f"{where}: exactly one of {', '.join(_DOES)} is expected")
    wav = folder / str(each["wav"]) if "wav" in each else None
    if wav is not None and not wav.is_file():
        raise BankError(f"{where}: there is no file {wav}")
    dtmf = str(each.get("dtmf", ""))
    if dtmf.strip("0123456789*#ABCD"):
        raise BankError(f"{where}: dtmf: keys are 0-9 * # A-D (in quotes), got {dtmf!r}")

    def ms(key: str, limit: int) -> int | None:
        value = each.get(key)
        return None if value is None else int(_number(value, f"{where}: {key}", 0, limit))

    return Turn(
        say=str(each.get("say", "")),
        wav=wav,
        from_ms=ms("from_ms", 10**8) or 0,
        to_ms=ms("to_ms", 10**8),
        dtmf=dtmf,
        silence_ms=ms("silence_ms", LONGEST_CALL_S * 10_000) or 0,
        hang_up=bool(each.get("hang_up", False)),
        over_bot_ms=ms("over_bot_ms", 60_000),
        at_ms=ms("at_ms", LONGEST_CALL_S * 1000),
        pause_ms=PAUSE_MS if "pause_ms" not in each else ms("pause_ms", LONGEST_WAIT_MS) or 0,
        expect=expected(str(each.get("expect", "")), where),
    )


def _effects(tree: Any, where: str) -> Effects:
    if not isinstance(tree, Mapping):
        raise BankError(f"{where}: line: a table is expected")
    _only(tree, {"snr_db", "noise", "loss", "burst", "echo_db", "level_dbov"}, f"{where}: line")
    noise = str(tree.get("noise", "line"))
    if noise not in ("line", "fan"):
        raise BankError(f"{where}: line: noise is 'line' or 'fan', got {noise!r}")

    def number(key: str, low: float, high: float) -> float | None:
        value = tree.get(key)
        return None if value is None else _number(value, f"{where}: line.{key}", low, high)

    return Effects(
        snr_db=number("snr_db", -20, 80),
        noise=noise,
        loss=number("loss", 0, 1) or 0.0,
        burst=number("burst", 1, 50) or 1.5,
        echo_db=number("echo_db", -60, 0),
        level_dbov=_number(tree.get("level_dbov", -25), f"{where}: line.level_dbov", -60, 0),
    )


def _texts(tree: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = tree.get(key, [])
    if not isinstance(value, list):
        raise BankError(f"{where}: {key}: a list of texts is expected, got {value!r}")
    return tuple(str(each) for each in value)


def _number(value: Any, where: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise BankError(f"{where}: a number from {low:g} to {high:g} is expected, got {value!r}")
    return float(value)


def _only(tree: Mapping[str, Any], known: set[str], where: str) -> None:
    if unknown := set(map(str, tree)) - known:
        raise BankError(
            f"{where}: unknown: {', '.join(sorted(unknown))}; known are {', '.join(sorted(known))}"
        )
