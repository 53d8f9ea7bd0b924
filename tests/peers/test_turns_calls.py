"""Turn-taking over real SIP calls: the bot with its real ears and voice, a caller's own tape.

Times are printed; what is asserted of them bears a machine that runs other tests beside.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from turns_support import (
    ALIKE,
    FIXTURES,
    SOUND_DB,
    WINDOW_MS,
    Bot,
    Tape,
    end_of,
    of,
    ring,
    serving,
)

from voicebot.pack_loader import load_pack
from voicebot.settings import Settings
from voicebot.speech.build import build_speaker
from voicebot.speech.speaker import Speaker

pytestmark = [pytest.mark.peer, pytest.mark.weights, pytest.mark.timeout(900)]
OVER_AFTER_MS = 1500
PATIENT_S = 120.0
ANSWERED = {"wait_reply": {"min_ms": 3000, "quiet_ms": 6000, "timeout_ms": 60_000}}
QUIET = {"wait_reply": {"min_ms": 800, "quiet_ms": 1500, "timeout_ms": 30_000}}


@pytest.fixture(scope="module")
def bot(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bot]:
    folder = tmp_path_factory.mktemp("turns") / "records"
    patient = {
        "VOICEBOT__TURNS__NO_INPUT_MS": "4000",
        # Models beside other tests may take long: that is not what is tested here.
        "VOICEBOT__TURNS__WATCHDOG_MS": "20000",
    }
    with serving(folder, models, **patient) as made:
        yield made


@pytest.fixture(scope="module")
def speaker(models: Path) -> Speaker:
    """The bot's own voice, with what it has prepared."""
    settings = Settings.model_validate({"models": models})
    return build_speaker(settings, load_pack(settings.pack))


def over(name: str, after_ms: int = OVER_AFTER_MS) -> dict[str, object]:
    return {"play_over": str(FIXTURES / f"{name}.wav"), "after_speech_ms": after_ms}


def ducked_after_ms(tape: Tape) -> int:
    """From the caller's onset to the first 40 ms in which the bot is 12 dB softer, or silent."""
    onset_ms = tape.onset_ms()
    before = tape.heard_in(onset_ms - 1000, onset_ms)
    full = float(np.percentile(before, 75))
    soft = tape.heard_in(onset_ms, onset_ms + 3000) < full - 12
    both = np.flatnonzero(soft[:-1] & soft[1:])
    assert len(both), "the bot never gave way"
    return int(both[0]) * WINDOW_MS


def silent_after_ms(tape: Tape) -> int:
    """From the caller's onset to the bot's last sound before it is silent for 800 ms."""
    loud = np.flatnonzero(tape.heard_in(tape.onset_ms(), tape.length_ms) > SOUND_DB)
    edges = np.flatnonzero(np.diff(np.append(loud, loud[-1] + 1000)) * WINDOW_MS > 800)
    return int(loud[edges[0]] + 1) * WINDOW_MS


def test_an_interruption_silences_the_bot_and_is_answered(bot: Bot, tmp_path: Path) -> None:
    tape = ring(bot, tmp_path, [over("barge_in"), ANSWERED, {"hangup": True}])
    view = bot.last_call()
    (cut,) = of(view, "bot_interrupted")
    stopped_ms = silent_after_ms(tape)
    print(f"ducked {ducked_after_ms(tape)} ms, silent {stopped_ms} ms after the caller's onset")
    print(f"by the bot's own clock decided after {cut['stopped_after_ms']} ms")
    assert ducked_after_ms(tape) < 800
    assert stopped_ms < 3000, "the rest of the greeting is not said"
    heard = of(view, "caller_spoke")[0]
    assert heard["barged_in"] and "保修" in heard["text"], heard
    assert view.turns[0].unheard == cut["unheard"] != ""
    reply = next(turn for turn in view.turns[2:] if turn.who == "bot" and turn.kind == "answer")
    assert "保修" in reply.text


def test_a_sentence_that_is_cut_is_kept_as_the_caller_heard_it(
    bot: Bot, speaker: Speaker, tmp_path: Path
) -> None:
    tape = ring(bot, tmp_path, [over("barge_in", 2600), ANSWERED, {"hangup": True}])
    view = bot.last_call()
    (cut,) = of(view, "bot_interrupted")
    clauses = speaker.clauses(view.turns[0].text)
    heard = ""
    for clause in clauses:
        at_ms, alike = tape.found(end_of(speaker.render(clause, timeout_s=PATIENT_S)))
        print(f"{clause.text} {alike:.2f} at {at_ms} ms")
        heard += clause.text if alike > ALIKE else ""
    print(f"kept as heard {cut['heard']!r}, as unheard {cut['unheard']!r}")
    assert heard and cut["heard"] == heard
    assert cut["heard"] + cut["unheard"] == "".join(clause.text for clause in clauses)
    assert view.turns[0].unheard == cut["unheard"] != ""
    answers = [turn for turn in view.turns if turn.who == "bot" and turn.kind == "answer"]
    assert "保修" in answers[0].text, "and the talk goes on from there"


@pytest.fixture(scope="module")
def whole(bot: Bot, tmp_path_factory: pytest.TempPathFactory) -> Tape:
    """A call in which nobody speaks into the greeting."""
    return ring(bot, tmp_path_factory.mktemp("undisturbed"), [QUIET, {"hangup": True}])


@pytest.mark.parametrize("signal", ["listener", "yes", "yes2"])
def test_a_listener_signal_does_not_stop_the_bot(
    bot: Bot, whole: Tape, tmp_path: Path, signal: str
) -> None:
    tape = ring(bot, tmp_path, [over(signal), QUIET, {"hangup": True}])
    view = bot.last_call()
    assert of(view, "bot_interrupted") == []
    assert of(view, "caller_spoke") == [], "nobody answers a 嗯"
    assert [turn.text for turn in view.turns if turn.who == "bot"] == [view.turns[0].text]
    # Sound alone, and roughly: a busy machine drops frames and puts holes into a sentence. That
    # not a sample is lost is tested in tests/telephony/contract.py.
    full, spoken = (
        np.count_nonzero(each.heard > SOUND_DB - 20) * WINDOW_MS for each in (whole, tape)
    )
    print(f"{signal}: ducked {ducked_after_ms(tape)} ms after the onset; {full} and {spoken} ms")
    assert ducked_after_ms(tape) < 800
    assert abs(spoken - full) <= 500, "the whole sentence, and nothing twice"
    end = np.flatnonzero(tape.heard > SOUND_DB)[-1] * WINDOW_MS
    last = np.percentile(tape.heard_in(end - 600, end), 90)
    first = np.percentile(tape.heard_in(tape.onset_ms() - 1000, tape.onset_ms()), 90)
    assert last > first - 10, "the bot is back at its level"


def test_a_silent_caller_is_asked_and_then_told_goodbye(bot: Bot, tmp_path: Path) -> None:
    ring(bot, tmp_path, [{"wait_hangup": 90_000}])
    view = bot.last_call()
    kinds = [turn.kind for turn in view.turns]
    assert kinds == ["greeting", "no_input", "no_input", "goodbye"]
    assert len({turn.text for turn in view.turns}) == 4, "never the same words"
    assert (view.call.outcome, view.call.hangup_by) == ("bot_ended", "local")
    gaps_ms = [b.at_ms - a.at_ms for a, b in zip(view.turns, view.turns[1:], strict=False)]
    print(f"from one utterance's beginning to the next: {gaps_ms} ms")
    assert all(4000 < gap < 20_000 for gap in gaps_ms)
