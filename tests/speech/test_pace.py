"""How long a clause waits before it plays, by what is known of its voice."""

from __future__ import annotations

import pytest

from voicebot.speech.pace import Made, Pace

VOICE = "a"
TEXT = "请先看机器前面的电源灯亮不亮"
SOUND_MS = 3000.0


def made(pieces_ms: list[float], slowness: float, first_s: float = 0.5) -> list[Made]:
    """Pieces that take `slowness` times as long as they play."""
    at_s, pieces = first_s, []
    for number, piece_ms in enumerate(pieces_ms):
        at_s += slowness * piece_ms / 1000 if number else 0
        pieces.append(Made(piece_ms, at_s))
    return pieces


def dry_ms(pieces: list[Made], wait_ms: float) -> float:
    """How long the line is silent in the clause if it begins `wait_ms` after the first piece."""
    plays_until_s, dry_s = pieces[0].at_s + wait_ms / 1000, 0.0
    for piece in pieces:
        dry_s += max(piece.at_s - plays_until_s, 0)
        plays_until_s = max(plays_until_s, piece.at_s) + piece.sound_ms / 1000
    return dry_s * 1000


PIECES = {"words": [300.0] * 10, "windows": [700.0, 1150.0, 1150.0], "uneven": [200.0, 1400.0] * 2}


@pytest.mark.parametrize("slowness", [0.1, 0.4, 0.9, 1.5, 3.0])
@pytest.mark.parametrize("pieces_ms", PIECES.values(), ids=PIECES)
def test_a_known_voice_waits_no_longer_than_it_takes_not_to_run_dry(
    pieces_ms: list[float], slowness: float
) -> None:
    pace, pieces = Pace(), made(pieces_ms, slowness)
    for _ in range(30):
        pace.learn(VOICE, TEXT, pieces)
    sound_ms = sum(pieces_ms)
    wait_ms = pace.wait_ms(VOICE, TEXT, pieces_ms[0], 0)
    print(f"waits {wait_ms:.0f} ms")
    assert dry_ms(pieces, wait_ms) <= 20
    needed_ms = dry_ms(pieces, 0)
    assert wait_ms <= needed_ms + slowness * max(pieces_ms[1:]), "and hardly longer"
    assert pace.wait_ms(VOICE, TEXT, pieces_ms[0], wait_ms) == 0, (
        "sound before it is time to make it in"
    )
    assert pace.wait_ms(VOICE, TEXT, sound_ms, 0) == pytest.approx(0, abs=1), "nothing more to come"


def test_a_voice_that_makes_a_clause_in_one_piece_never_waits() -> None:
    pace = Pace()
    for _ in range(20):
        pace.learn(VOICE, TEXT, [Made(SOUND_MS, 4.0)])
    assert pace.rate(VOICE) == 1.0, "nothing is known of a rate"
    assert pace.wait_ms(VOICE, TEXT, SOUND_MS, 0) == 0


def test_a_clause_without_speech_teaches_nothing() -> None:
    pace = Pace()
    before = pace.wait_ms(VOICE, TEXT, 100, 0)
    pace.learn(VOICE, "……", [Made(500.0, 1.0)])
    pace.learn(VOICE, TEXT, [Made(0.0, 1.0)])
    assert pace.wait_ms(VOICE, TEXT, 100, 0) == before
