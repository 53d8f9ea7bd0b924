"""A scripted caller, frame by frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from telephony.api import FRAME_BYTES, FRAME_MS
from tests.replay.conftest import script
from tests.session.fakes import quiet, tone
from voicebot.replay.caller import PATIENCE_MS, Caller, Done, VoicedTurn, empty
from voicebot.replay.effects import LineEffects
from voicebot.replay.script import Effects, Script
from voicebot.replay.voicing import tail_ms

LOUD = tone(20).tobytes()
QUIET = bytes(FRAME_BYTES)


def caller_of(given: Script) -> Caller:
    turns = [VoicedTurn(t, tone(400) if t.say else empty()) for t in given.turns]
    return Caller(turns, given.longest_s)


def hear(caller: Caller, speaks: Callable[[int], bool], until_ms: int) -> list[Done]:
    """The caller hears a bot that speaks when `speaks(ms)`."""
    while caller.now_ms < until_ms and not caller.hung_up:
        caller.frame(LOUD if speaks(caller.now_ms) else QUIET)
    return caller.done


def test_a_turn_waits_for_the_end_of_the_bots() -> None:
    caller = caller_of(script("你好"))
    (done,) = hear(caller, lambda ms: ms < 3000, 6000)
    assert 3900 <= done.start_ms <= 4100
    assert done.end_ms - done.start_ms == 400


def test_a_pause_in_the_bots_turn_is_not_its_end() -> None:
    caller = caller_of(script("你好"))
    (done,) = hear(caller, lambda ms: ms < 2000 or 2700 < ms < 4000, 7000)
    assert 4900 <= done.start_ms <= 5200


def test_a_short_reply_may_be_a_filler() -> None:
    caller = caller_of(script("你好"))
    (done,) = hear(caller, lambda ms: ms < 600 or 2000 < ms < 5000, 9000)
    assert done.start_ms > 5000


def test_an_interruption_comes_into_the_bots_speech() -> None:
    caller = caller_of(script({"say": "等一下", "over_bot_ms": 800}))
    (done,) = hear(caller, lambda ms: 1000 < ms < 6000, 5000)
    assert 1780 <= done.start_ms <= 1900
    assert not done.late


def test_an_interruption_that_found_no_bot_says_so() -> None:
    caller = caller_of(script({"say": "等一下", "over_bot_ms": 5000}))
    (done,) = hear(caller, lambda ms: 1000 < ms < 4000, 20_000)
    assert "could be interrupted" in done.late


def test_a_silent_bot_is_spoken_to_again() -> None:
    caller = caller_of(script("喂"))
    (done,) = hear(caller, lambda ms: False, PATIENCE_MS + 2000)
    assert done.late == "the bot said nothing"
    assert done.start_ms == PATIENCE_MS


def test_a_caller_who_has_said_all_hangs_up_when_the_bot_is_through() -> None:
    caller = caller_of(script("你好"))
    hear(caller, lambda ms: ms < 3000 or 6000 < ms < 8000, 30_000)
    assert caller.hung_up == "said all"
    assert 10_000 < caller.now_ms < 11_500


def effects(**more: Any) -> LineEffects:
    return LineEffects(Effects(**more), "seed")


def test_losses_come_as_often_as_asked_for_and_each_time_the_same() -> None:
    first, again = ([effects(loss=0.1, burst=3).lost()] for _ in range(2))
    line, same = effects(loss=0.1, burst=3), effects(loss=0.1, burst=3)
    lost = [line.lost() for _ in range(20_000)]
    assert lost == [same.lost() for _ in range(20_000)]
    assert 0.08 < sum(lost) / len(lost) < 0.12
    assert first == again
    runs = sum(1 for a, b in zip([False, *lost], lost, strict=False) if b and not a)
    assert 2.5 < sum(lost) / runs < 3.5


def test_noise_has_the_level_asked_for() -> None:
    for noise in ("line", "fan"):
        line = effects(snr_db=15.0, noise=noise, level_dbov=-25.0)
        sound = b"".join(line.mixed(QUIET, QUIET) for _ in range(500))
        samples = np.frombuffer(sound, "<i2").astype(np.float64) / 32768
        level = 10 * np.log10(np.mean(samples**2))
        assert abs(level - -40) < 0.5


def test_the_bot_comes_back_later_and_softer() -> None:
    line = effects(echo_db=-20.0)
    back = [line.mixed(QUIET, LOUD) for _ in range(20)]
    loud = [np.abs(np.frombuffer(frame, "<i2").astype(int)).max() for frame in back]
    first = next(n for n, level in enumerate(loud) if level)
    assert first * FRAME_MS == 120
    assert abs(loud[-1] - np.abs(np.frombuffer(LOUD, "<i2").astype(int)).max() / 10) < 3


def test_a_clip_ends_where_its_sound_does() -> None:
    faded = (tone(200) * np.linspace(1, 0, 1600) ** 3).astype(np.int16)
    clip = np.concatenate([quiet(100), tone(500), faded, quiet(250)])
    assert 300 <= tail_ms(clip) <= 400
    assert tail_ms(tone(300)) == 0
    assert tail_ms(quiet(300)) == 0
    assert tail_ms(empty()) == 0
