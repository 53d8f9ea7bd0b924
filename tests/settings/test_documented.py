"""The settings that the pages show are settings that the bot takes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from voicebot.settings import SipSettings, load_settings

ROOT = Path(__file__).parents[2]
TABLES = "asr|sip|speech|turns|handoff|records|console|metrics|webhooks|knowledge|language|budget"
BLOCKS = [
    pytest.param(block, id=f"{page.name}-{nth}")
    for page in sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])
    for nth, block in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.S))
    if re.search(rf"^\[+({TABLES})\b", block, re.M)
]


def test_there_are_some() -> None:
    assert len(BLOCKS) >= 4


@pytest.mark.parametrize("block", BLOCKS)
def test_a_settings_block_is_taken_as_it_stands(block: str, tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text(block, encoding="utf-8")
    load_settings(path, environ={})


def test_the_page_of_the_line_shows_every_key_of_its_first_table() -> None:
    text = (ROOT / "docs/line.md").read_text("utf-8")
    known = {*SipSettings.model_fields}
    left = {key for key in known if key not in text}
    assert left <= {"jitter_buffer_ms"}, left
