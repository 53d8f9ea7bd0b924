"""What the lint finds in a slot that is dictated, each with its line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.pack.conftest import Break
from voicebot.pack_loader import read_pack

SCENE = "scenes/repair_request.yaml"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            '    length: 8\n    pattern: "PR[0-9]{6}"\n    example: PR204816\n',
            "",
            "a 'length' or a 'pattern', got neither",
        ),
        ("example: PR204816", "example: PR20481", "example: expected a value that 'length'"),
        ("example: PR204816", "example: pr204816", "got 'pr204816'"),
        ('example: "13800138000"', "example: PR138001380", "got 'PR138001380'"),
        ("    format: 手机号是十一位。\n", "", "format: expected words for what it looks like"),
        ("    ask: [请留一个手机号。, 您的手机号是多少？]\n", "", "an 'ask' for a dictated slot"),
        ("length: 8", "length: 80", "a whole number from 3 to 40, got '80'"),
        ("length: 8", "lenght: 8", "the unknown key 'lenght'"),
        ("personal: yes", "personal: maybe", "yes or no, got 'maybe'"),
        ("type: digits", "type: regex", "'format' in a slot of type digits or serial, got"),
        ('keys: "13800138000"', 'keys: "138x"', "keys of a telephone (0-9, *, #), got '138x'"),
        (
            "{pause: yes, expect",
            "{pause: yes, say: 对, expect",
            "keys, pause, got say, pause",
        ),
        ("{pause: yes, expect", "{pause: no, expect", "expected pause: yes, got no"),
    ],
)
def test_lint_finds(root: Path, change: Break, old: str, new: str, message: str) -> None:
    change(SCENE, old, new)
    texts = [str(problem) for problem in read_pack(root)[1]]
    assert any(message in text for text in texts), texts
    assert all(re.match(re.escape(SCENE) + r":\d+: ", text) for text in texts), texts


def test_a_prompt_must_hold_what_it_is_about(root: Path, change: Break) -> None:
    change("prompts.yaml", "greeting:", "dictation_read_back: [对吗？]\ngreeting:")
    (problem,) = read_pack(root)[1]
    assert "dictation_read_back: expected {groups} in every variant" in str(problem)
