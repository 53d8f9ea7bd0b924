"""Bad hand-off settings are told in one line that names the key and what was expected."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import SettingsError
from voicebot.settings import HandoffSettings, load_settings

SEAT = '[[handoff.seats]]\nname = "二线01"\nuri = "sip:1@h"\nskills = ["存储组"]\n'


def refusal(tmp_path: Path, text: str) -> str:
    path = tmp_path / "hotline.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load_settings(path, environ={})
    return str(error.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (SEAT + SEAT, ("handoff", "twice", "二线01")),
        (
            SEAT + '[[handoff.overflow]]\nafter_s = 9\nto = "group"\ngroup = "网络组"\n',
            ("网络组", "存储组"),
        ),
        ('[[handoff.overflow]]\nafter_s = 9\nto = "number"\n', ("overflow.0", "uri is expected")),
        (
            '[[handoff.overflow]]\nafter_s = 9\nto = "call_back"\ngroup = "*"\n',
            ("overflow.0", "group is expected"),
        ),
        ('[[handoff.overflow]]\nafter_s = -1\nto = "call_back"\n', ("after_s", "-1")),
        ('[handoff]\ncall_back_digit = "12"\n', ("call_back_digit", "12")),
        ("[handoff]\nannounce_every_s = 1\n", ("announce_every_s", "10")),
        ('[handoff.office_hours]\ntime_zone = "Asia/Peking"\n', ("time_zone", "Asia/Shanghai")),
        ('[handoff.office_hours]\nweek = { mo = "09:00-18:00" }\n', ("week", "mon-fri", "mo")),
        ('[handoff.office_hours]\nweek = { fri-mon = "09:00-18:00" }\n', ("week", "fri-mon")),
        (
            '[handoff.office_hours]\nweek = { mon-fri = "09:00-18:00", tue = "" }\n',
            ("week", "once", "tue"),
        ),
        ('[handoff.office_hours]\nweek = { mon = "9-18" }\n', ("09:00-18:00", "9-18")),
        ('[handoff.office_hours]\nweek = { mon = "22:00-06:00" }\n', ("within one day",)),
        ('[handoff.office_hours]\nweek = { mon = "09:70-18:00" }\n', ("09:70",)),
        (
            '[handoff.office_hours]\nweek = { mon = "13:00-18:00 09:00-12:00" }\n',
            ("in order",),
        ),
        ('[handoff.office_hours]\nholidays = ["National Day"]\n', ("2026-10-01", "National Day")),
        (
            '[handoff.office_hours]\nholidays = ["2026-10-07..2026-10-01"]\n',
            ("after the first",),
        ),
        (
            '[handoff.office_hours]\nspecial = { "2026-10-01..2026-10-02" = "" }\n',
            ("single date",),
        ),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    told = refusal(tmp_path, text)
    assert "\n" not in told
    for word in words:
        assert word in told, told


def test_every_key_is_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs/handoff.md").read_text("utf-8")
    assert {key for key in HandoffSettings.model_fields if key not in page} == set()
