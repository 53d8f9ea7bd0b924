"""The bench of what computing costs: its arithmetic, and that a replay takes its table."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench.bench_costs import Job, line_through, toml
from voicebot.replay.costs import load_costs


def test_a_line_is_found_through_jobs_of_which_some_were_disturbed() -> None:
    lengths_s = [0.5 + 0.25 * n for n in range(12)]
    jobs = [Job(s, 200 + 60 * s) for s in lengths_s]
    jobs[3] = Job(jobs[3].audio_s, 2500)
    jobs[9] = Job(jobs[9].audio_s, 900)
    fixed_ms, each_s_ms = line_through(jobs)
    assert each_s_ms == pytest.approx(60, abs=8)
    assert fixed_ms == pytest.approx(200, abs=15)


def test_jobs_of_one_length_have_no_slope() -> None:
    assert line_through([Job(2.0, 300), Job(2.0, 320), Job(2.0, 310)]) == (310, 0)


def test_the_replay_takes_the_table(tmp_path: Path) -> None:
    names = ("quick_ms", "quick_ms_per_s", "final_ms", "final_ms_per_s", "voice_first_ms")
    found = {**dict.fromkeys(names, 111.4), "voice_ms_per_s": 222.0, "search": 17.2}
    file = tmp_path / "costs.toml"
    file.write_text(toml(found), "utf-8")
    costs = load_costs(file)
    assert costs.quick_ms == 111
    assert costs.stages["search"] == 17
    assert costs.other_ms == load_costs().other_ms
