"""What reading the settings promises: unknown keys, lists in the environment, silent passwords."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import SettingsError
from voicebot.settings import Settings, load_settings

TRUNK = '[[sip.trunks]]\nname = "carrier"\nallow = ["10.0.0.5"]\n'
REGISTER = 'register = { registrar = "10.0.0.5", user = "4008" }\n'
PASSWORD = "VOICEBOT__SIP__TRUNKS__0__REGISTER__PASSWORD"
SECRET = "correct horse"


def read(folder: Path, text: str, **environ: str) -> Settings:
    path = folder / "hotline.toml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, environ=environ)


def refusal(folder: Path, text: str, **environ: str) -> str:
    with pytest.raises(SettingsError) as refused:
        read(folder, text, **environ)
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_the_defaults_let_only_this_machine_ring() -> None:
    sip = load_settings(environ={}).sip
    assert (sip.listen, sip.trunks, sip.strangers) == ("127.0.0.1:5060", (), "ignore")


def test_a_trunk_is_read_with_its_registration(tmp_path: Path) -> None:
    (trunk,) = read(tmp_path, TRUNK + REGISTER, **{PASSWORD: SECRET}).sip.trunks
    assert (trunk.name, trunk.allow, trunk.transport) == ("carrier", ("10.0.0.5",), "udp")
    assert trunk.register_ is not None and trunk.register_.password is not None
    assert trunk.register_.password.get_secret_value() == SECRET
    assert SECRET not in repr(trunk) and SECRET not in str(trunk)


def test_the_environment_reaches_into_lists() -> None:
    environ = {
        "VOICEBOT__HANDOFF__SEATS__0__NAME": "二线01",
        "VOICEBOT__HANDOFF__SEATS__0__URI": "sip:2001@10.0.0.5",
        "VOICEBOT__HANDOFF__SEATS__1__URI": "sip:2002@10.0.0.5",
        "VOICEBOT__HANDOFF__SEATS__1__NAME": "二线02",
    }
    seats = load_settings(environ=environ).handoff.seats
    assert [seat.name for seat in seats] == ["二线01", "二线02"]


def test_the_environment_may_hold_more_than_ten_tables_of_a_list() -> None:
    environ = {}
    for number in range(12):
        environ[f"VOICEBOT__HANDOFF__SEATS__{number}__NAME"] = f"seat {number}"
        environ[f"VOICEBOT__HANDOFF__SEATS__{number}__URI"] = f"sip:20{number:02}@10.0.0.5"
    seats = load_settings(environ=environ).handoff.seats
    assert [seat.name for seat in seats] == [f"seat {number}" for number in range(12)]


@pytest.mark.parametrize("number", ["1", "-1", "first", "²"])
def test_a_list_in_the_environment_has_no_gaps(tmp_path: Path, number: str) -> None:
    told = refusal(tmp_path, TRUNK, **{f"VOICEBOT__SIP__TRUNKS__{number}9__NAME": "x"})
    assert "sip.trunks" in told and "0 to 1" in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (TRUNK + REGISTER, ("sip.trunks.0.register", "password", "password_file")),
        (TRUNK + 'register = { registrar = "r", user = "u", key = "x" }', ("key", "password_file")),
        (TRUNK + "extra = 1\n", ("sip.trunks.0.extra", "unknown key", "register")),
        ('[[sip.trunks]]\nname = "carrier"\n', ("sip.trunks.0.allow", "required")),
        ('[[sip.trunks]]\nname = "a b"\nallow = []\n', ("sip.trunks.0.name", "a b")),
        (TRUNK + TRUNK, ("sip", "names of their own", "carrier, carrier")),
        (TRUNK + 'transport = "tls"\n', ("sip", "[sip.tls]")),
        ("[sip]\nmax_calls = 3\n", ("sip.max_calls", "unknown key", "limits")),
        ("[sip.limits]\nmax_calls = 0\n", ("sip.limits.max_calls", "got 0")),
        ("[sip.limits]\noverflow = 'queue'\n", ("sip.limits.overflow", "'notice'", "queue")),
        ("[sip.tls]\nlisten = '127.0.0.1:5061'\n", ("sip.tls.certificate", "required")),
        ("[sip]\ncodecs = ['opus']\n", ("sip.codecs.0", "g722", "opus")),
        ("[sip]\ncodecs = []\n", ("sip", "codec")),
        ("[sip]\nbackend = 'pjsip'\n", ("sip.backend", "pyvoip", "pjsip")),
        ("[sip]\nearly_media = true\n", ("sip", "answer_after_ms")),
        ("[sip]\nstrangers = 'welcome'\n", ("sip.strangers", "forbid", "welcome")),
        ("[records]\nopt_out_digit = '12'\n", ("records.opt_out_digit", "12")),
        ("sip = 3\n", ("sip", "got 3")),
        ("[speech]\nspeed = 0.2\n", ("speech.speed", "0.5 to 2", "got 0.2")),
        ("[speech]\nspeed = 2.1\n", ("speech.speed", "0 for the pack's", "got 2.1")),
        ("[speech]\nspeed = nan\n", ("speech.speed", "0.5 to 2")),
        ("[speech]\nspeed = -1\n", ("speech.speed", "0.5 to 2")),
        ("[speech]\nfallback = ['espeak', 'espeak']\n", ("speech.fallback", "once")),
        (
            "[speech]\nengine = 'espeak'\nvoice = 'zh-CN-XiaoxiaoNeural'\n",
            ("speech", "engine = 'espeak'", "zh-CN-XiaoxiaoNeural"),
        ),
    ],
)
def test_a_wrong_key_is_named_in_one_line(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    told = refusal(tmp_path, text)
    for word in words:
        assert word in told, told


@pytest.mark.parametrize(
    "register",
    [
        f'registrar = "r", user = "u", password = "{SECRET}", password_file = "f"',
        f'registrar = "r", user = "u", password = ["{SECRET}"]',
        f'registrar = "r", user = "u", pasword = "{SECRET}"',
        f'registrar = "r", password = "{SECRET}"',
        f'registrar = "r", user = "u", password = "{SECRET}", interval_s = 1',
    ],
)
def test_no_error_shows_a_password(tmp_path: Path, register: str) -> None:
    assert SECRET not in refusal(tmp_path, f"{TRUNK}register = {{ {register} }}\n")


def test_a_value_where_a_table_is_expected(tmp_path: Path) -> None:
    told = refusal(tmp_path, "pack = 'x'\n", VOICEBOT__PACK__NAME="y")
    assert "pack.name" in told


@pytest.mark.parametrize("url", [f"me:{SECRET}@host/v1", f"http://me:{SECRET}@host/v1"])
def test_no_error_shows_a_login_in_the_language_servers_url(tmp_path: Path, url: str) -> None:
    text = f'[language]\nengine = "http"\n[language.http]\nurl = "{url}"\n'
    assert SECRET not in refusal(tmp_path, text)
