"""``voicebot users``, as an operator types it; and the console over TLS."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from typer.testing import CliRunner, Result

from voicebot.app import App
from voicebot.cli import app
from voicebot.cli.serve import _house
from voicebot.console import House, LiveCalls, open_listener, running
from voicebot.console.passwords import matches
from voicebot.errors import RecordsError
from voicebot.pack_loader import load_pack
from voicebot.records import Records
from voicebot.settings import SERVER_PACK, load_settings
from voicebot.wrapup.labels import LabelTree

Run = Callable[..., Result]


@pytest.fixture
def users(tmp_path: Path) -> Run:
    def run(*arguments: str, text: str = "") -> Result:
        place = ["--records", str(tmp_path / "records")]
        return CliRunner().invoke(app, ["users", *arguments, *place], input=text)

    return run


def test_an_operator_adds_lists_resets_and_shuts_accounts(users: Run, tmp_path: Path) -> None:
    assert "no accounts yet" in users("list").output
    added = users("add", "李雷", "--role", "seat", "--seat", "二线01")
    found = re.search(r"one-time password (\S+)", added.output)
    assert found, added.output
    assert re.search("李雷 +seat +二线01 +one-time password +never", users("list").output)
    reset = users("passwd", "李雷")
    assert found[1] not in reset.output and "one-time password" in reset.output
    assert users("passwd", "李雷", "--stdin", text="correct horse battery\n").output == ""
    assert "disabled" in users("disable", "李雷").output
    store = Records.open(tmp_path / "records")
    person, hashed = store.people.find("李雷")
    assert person.disabled and not person.must_change
    assert matches(hashed, "correct horse battery")
    noted = [row["what"] for row in store.custody.audit()]
    assert noted == ["user_changed", "password_reset", "password_reset", "user_added"]
    store.close()
    assert "is open" in users("enable", "李雷").output


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "x", "--role", "king"), "expected one of seat"),
        (("add", "a b", "--role", "seat"), "a name has 1 to 32"),
        (("passwd", "nobody"), "nobody is called 'nobody'"),
        (("disable", "nobody"), "nobody is called 'nobody'"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(users: Run, arguments: list[str], words: str) -> None:
    result = users(*arguments)
    assert isinstance(result.exception, RecordsError)
    assert words in str(result.exception) and "\n" not in str(result.exception)


async def test_the_console_speaks_tls(records: Records, live: LiveCalls, tmp_path: Path) -> None:
    chain, key = certificate(tmp_path)
    settings = load_settings(
        environ={},
        overrides={
            "console.listen": "127.0.0.1:0",
            "console.certificate": chain,
            "console.certificate_key": key,
        },
    )
    listener = open_listener(settings.console)
    base = f"https://localhost:{listener.getsockname()[1]}"
    trusted = ssl.create_default_context(cafile=chain)
    client = httpx.AsyncClient(base_url=base, trust_env=False, verify=trusted)
    async with running(listener, House(records, live, settings)), client as browser:
        answer = await browser.get("/login")
    assert answer.status_code == 200
    assert "Secure" in answer.headers["set-cookie"]


def certificate(folder: Path) -> tuple[Path, Path]:
    """One for localhost, vouched for by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    chain_path, key_path = folder / "chain.pem", folder / "key.pem"
    chain_path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return chain_path, key_path


def test_the_console_of_a_bot_shows_the_pack_that_is_in_use_now(tmp_path: Path) -> None:
    packs = [load_pack(SERVER_PACK), load_pack(SERVER_PACK.parent / "template")]
    parts = SimpleNamespace(settings=load_settings(environ={}), controls=None)
    parts.roster = parts.queue = None
    records = Records.open(tmp_path / "records")
    house = _house(cast("App", parts), records, LiveCalls())
    for pack in packs:  # the first, and what `App.take_up_pack` does after a publish
        parts.pack, parts.labels = pack, LabelTree(pack)
        assert house.labels is parts.labels
        assert house.solved_texts == tuple(pack.prompts.all("scene_solved"))
    records.close()
