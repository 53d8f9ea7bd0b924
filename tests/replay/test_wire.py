"""The bench over real SIP and RTP, with a bot in its own process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server_pack import server_pack
from voicebot.cli.replay_ways import judge_of
from voicebot.replay.bank import load_bank
from voicebot.replay.bench import Keeper, play_all
from voicebot.replay.costs import load_costs
from voicebot.replay.script import BankError
from voicebot.replay.voicing import Voicing
from voicebot.replay.wire import WireWay, serving
from voicebot.settings import load_settings

BANK = Path(__file__).parents[2] / "audio_fixtures" / "bank"
# A machine busy with other tests is no reason to refuse the calls of this one.
PATIENT = {
    "VOICEBOT__SIP__LIMITS__MAX_LAG_MS": "10000",
    "VOICEBOT__SIP__LIMITS__MAX_QUEUE_MS": "60000",
}


@pytest.mark.peer
@pytest.mark.weights
@pytest.mark.timeout(900)
def test_callers_ring_together_a_bot_that_runs_by_itself(tmp_path: Path) -> None:
    settings = load_settings()
    scripts = [each for each in load_bank([BANK]) if each.name in ("场景-管理口", "场景-蓝屏")]
    with serving(**PATIENT) as bot:
        keeper = Keeper(tmp_path, "wire", {}, tapes=True)
        judge = judge_of(server_pack(), load_costs())
        voicing = Voicing(settings, server_pack())
        run, timing = play_all(scripts, WireWay(bot, at_once=2), voicing, judge, keeper)
    assert [call.name for call in run.calls] == [script.name for script in scripts]
    for call in run.calls:
        assert not call.error, (call.name, call.error)
        (turn,) = call.turns
        assert turn.errors <= 2, turn.heard  # each is judged by its own events
        told = {event["event"] for event in call.events}
        assert told >= {"call_answered", "bot_spoke", "call_ended"}
        # The analyzer, which sees the caller's tape alone, agrees with the bench's own reading. A
        # busy machine may be late beyond what counts as a reply.
        if turn.latency_ms is not None:
            assert call.tape["response_ms"][:1] == pytest.approx([turn.latency_ms], abs=150)
    assert timing.audio_s == pytest.approx(sum(call.length_ms for call in run.calls) / 1000)


def test_a_bot_that_does_not_start_is_one_line_with_what_it_said(tmp_path: Path) -> None:
    with (
        pytest.raises(BankError, match=r"ended before the first call; it said: .*nowhere\.toml"),
        serving(("--config", str(tmp_path / "nowhere.toml"))),
    ):
        raise AssertionError("it cannot have started")
