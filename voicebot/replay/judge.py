"""From a call as it went to what the bench says of it: turns, transcripts, replies, checks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models.metrics import character_errors
from voicebot.replay.checks import call_checks, turn_checks
from voicebot.replay.fast import Played
from voicebot.replay.on_tape import read_tape_of
from voicebot.replay.results import CallResult, TurnResult
from voicebot.replay.script import Script
from voicebot.replay.tape import WINDOW_MS, Sound
from voicebot.session.events import SessionEvent, to_dict

COLUMNS = 600
DIGITS = 6
REPLY_WITHIN_MS = 5000
"""What sounds later is no reply: the turn was missed."""
_HEARD_BEFORE_MS, _HEARD_AFTER_MS = 400, 700
_BOT_GAP_MS = 300
_BOT_DBFS = -50.0


class Judge:
    """Judges calls. `terms` are the written forms that the ears must not miss."""

    def __init__(self, terms: Iterable[str], prompts: Iterable[str], search_ms: float) -> None:
        self._terms = tuple(dict.fromkeys(term for term in terms if len(term) > 1))
        self._prompts = frozenset(prompts)
        self._search_ms = search_ms

    def judge(self, played: Played) -> CallResult:
        """The result of one call; every figure is of the tape or of the call's own clock."""
        events = [self._plain(event) for event in played.events]
        return self.judge_told(played, events)

    def judge_told(self, played: Played, events: Sequence[dict[str, Any]]) -> CallResult:
        """The same of events as they were kept."""
        script = played.script
        turns = self._turns(played, events)
        checks = [
            check
            for turn, scripted in zip(turns, script.turns, strict=False)
            for check in turn_checks(turn, scripted, _within(events, turn, turns))
        ]
        checks += call_checks(script, played.hung_up, turns, events, self._prompts)
        return CallResult(
            name=script.name,
            kind=script.kind,
            end=script.end,
            hung_up=played.hung_up,
            length_ms=len(played.tape) // 8,
            turns=tuple(turns),
            checks=tuple(checks),
            events=tuple(events),
            tape=read_tape_of(played.tape, script, played.done) if len(played.tape) else {},
            peaks=(_peaks(played.tape[:, 0]), _peaks(played.tape[:, 1])),
            error=played.error,
        )

    def _plain(self, event: SessionEvent) -> dict[str, Any]:
        """The event as data, without what differs from run to run: ids, and real durations."""
        tree = to_dict(event)
        if "elapsed_ms" in tree:
            tree["elapsed_ms"] = self._search_ms
        tree.pop("waited_s", None)  # on the seats' clock, which is the world's
        if "summary_id" in tree:
            tree["summary_id"] = "S"
            tree.get("summary", {}).pop("id", None)
        return dict(_rounded(tree))

    def _turns(self, played: Played, events: Sequence[dict[str, Any]]) -> list[TurnResult]:
        bot = bot_sounds(played.tape[:, 1])
        heard = [event for event in events if event["event"] == "caller_spoke"]
        found: list[TurnResult] = []
        for done, scripted in zip(played.done, played.script.turns, strict=False):
            over = any(b.start_ms < done.end_ms < b.end_ms for b in bot)
            # What a recording holds before its first word and behind its last is not the caller.
            starts = [b.start_ms for b in bot if b.start_ms >= done.end_ms]
            speaks = bool(scripted.say or scripted.wav)
            found.append(
                TurnResult(
                    number=done.number,
                    said=_said(scripted.say, scripted.dtmf, scripted.silence_ms, scripted.wav),
                    start_ms=done.start_ms,
                    end_ms=done.end_ms,
                    over_bot=over,
                    late=done.late,
                    latency_ms=starts[0] - done.end_ms if starts and speaks and not over else None,
                )
            )
        found = [_answered_in_time(turn, found) for turn in found]
        return [
            self._with_words(turn, scripted.say, heard, _within(events, turn, found))
            for turn, scripted in zip(found, played.script.turns, strict=False)
        ]

    def _with_words(
        self,
        turn: TurnResult,
        said: str,
        heard: Sequence[dict[str, Any]],
        events: Sequence[dict[str, Any]],
    ) -> TurnResult:
        of_turn = [
            each
            for each in heard
            if each["speech_start_ms"] < turn.end_ms + _HEARD_AFTER_MS
            and each["speech_end_ms"] > turn.start_ms - _HEARD_BEFORE_MS
        ]
        listened = [each["text"] for each in events if each["event"] == "listener_signal"]
        text = "，".join(each["text"] for each in of_turn if each["text"]) or "".join(listened)
        spoke = [each for each in events if each["event"] == "bot_spoke"]
        count = character_errors(said, text) if said else None
        wanted = [term for term in self._terms if _in(term, said)]
        judged = [each["turn_confidence"] for each in spoke if each["turn_confidence"] is not None]
        return replace(
            turn,
            heard=text,
            confidence=round(min(e["confidence"] for e in of_turn), 3) if of_turn else None,
            errors=count.errors if count else 0,
            length=count.length if count else 0,
            terms=len(wanted),
            terms_missed=tuple(term for term in wanted if not _in(term, text)),
            replies=tuple(each["text"] for each in spoke),
            kinds=tuple(each["kind"] for each in spoke),
            answers=tuple(dict.fromkeys(_acts(events))),
            stages=tuple(stage for each in spoke[:2] for stage in each["stages"]),
            turn_confidence=round(judged[0], 3) if judged else None,
        )


def _rounded(tree: Any) -> Any:
    """Without the last bits of sums, which depend on the order in which threads added them up."""
    if isinstance(tree, float):
        return round(tree, DIGITS)
    if isinstance(tree, dict):
        return {key: _rounded(value) for key, value in tree.items()}
    return [_rounded(each) for each in tree] if isinstance(tree, list | tuple) else tree


def _said(say: str, dtmf: str, silence_ms: int, wav: object) -> str:
    if say:
        return say
    if dtmf:
        return f"[{dtmf}]"
    return f"[{silence_ms} ms]" if silence_ms else "[…]" if wav else "[hangs up]"


def _answered_in_time(turn: TurnResult, turns: Sequence[TurnResult]) -> TurnResult:
    """A sound behind the caller's next turn, or much later, is no reply to this one."""
    following = next((t.start_ms for t in turns if t.number == turn.number + 1), None)
    until_ms = turn.end_ms + REPLY_WITHIN_MS
    if following is not None:
        until_ms = min(until_ms, following)
    late = turn.latency_ms is not None and turn.end_ms + turn.latency_ms > until_ms
    return replace(turn, latency_ms=None) if late else turn


def _within(
    events: Sequence[dict[str, Any]], turn: TurnResult, turns: Sequence[TurnResult]
) -> list[dict[str, Any]]:
    """What happened from the beginning of a turn to that of the next."""
    following = next((t.start_ms for t in turns if t.number == turn.number + 1), None)
    return [
        event
        for event in events
        if event["at_ms"] >= turn.start_ms and (following is None or event["at_ms"] < following)
    ]


def _acts(events: Sequence[dict[str, Any]]) -> Iterable[str]:
    """What the bot did, by stable names: answer ids, scene, branch, slot, hand-off."""
    for event in events:
        if event["event"] == "bot_spoke":
            yield from (f"answer:{each['id']}" for each in event["citations"])
            yield from (f"{key}:{event[key]}" for key in ("scene", "branch", "slot") if event[key])
        elif event["event"] == "handoff_started":
            yield f"handoff:{event['reason']}"
        elif event["event"] == "number_dictated":
            yield f"number:{event['slot']}"
        elif event["event"] == "message_requested":
            yield f"message:{event['what']}"


def _in(term: str, text: str) -> bool:
    return "".join(term.split()).lower() in "".join(text.split()).lower()


def bot_sounds(channel: npt.NDArray[np.int16]) -> list[Sound]:
    """The bot's stretches of sound: its side of a tape is clean, so a fixed level tells them."""
    size = 8 * WINDOW_MS
    windows = channel[: len(channel) // size * size].reshape(-1, size).astype(np.float64)
    active = np.sqrt((windows**2).mean(axis=1)) / 32768 > 10 ** (_BOT_DBFS / 20)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], active.astype(np.int8), [0]])))
    found: list[Sound] = []
    for start, end in zip(edges[::2] * WINDOW_MS, edges[1::2] * WINDOW_MS, strict=True):
        if found and start - found[-1].end_ms < _BOT_GAP_MS:
            found[-1] = Sound(found[-1].start_ms, int(end))
        else:
            found.append(Sound(int(start), int(end)))
    return found


def _peaks(channel: npt.NDArray[np.int16]) -> tuple[int, ...]:
    """Peaks of a waveform in percent, at most `COLUMNS` of them."""
    if not len(channel):
        return ()
    per = max(1, -(-len(channel) // COLUMNS))
    padded = np.pad(np.abs(channel.astype(np.int32)), (0, -len(channel) % per))
    return tuple(int(v) for v in padded.reshape(-1, per).max(axis=1) * 100 // 32768)


def no_call(script: Script, error: str) -> CallResult:
    """A call that could not be played at all."""
    return CallResult(script.name, script.kind, script.end, "", 0, error=error)
