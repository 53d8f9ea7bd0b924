"""The generated scenes that the bench times are right, distinct and found."""

from __future__ import annotations

from pathlib import Path

from tests.bench.scene_factory import write_pack
from voicebot.dialog.policy import Dialog
from voicebot.dialog.scene_match import SceneMatch
from voicebot.dialog.scene_tests import run_scene_tests
from voicebot.pack_loader import load_pack


def test_generated_scenes_are_scenes(tmp_path: Path) -> None:
    pack = load_pack(write_pack(tmp_path / "a", 30))
    assert len({scene.name for scene in pack.scenes}) == 30
    again = write_pack(tmp_path / "b", 30) / "scenes"
    for path in sorted((tmp_path / "a" / "scenes").iterdir()):
        assert path.read_bytes() == (again / path.name).read_bytes(), "one seed, one pack"
    reports = run_scene_tests(Dialog(pack, answer_risk=0.5), pack)
    assert len(reports) == 30 and all(report.passed for report in reports)
    match = SceneMatch(pack)
    for scene in pack.scenes:
        assert match.rank(scene.triggers[0], {}, 1)[0].probability > 0.8
