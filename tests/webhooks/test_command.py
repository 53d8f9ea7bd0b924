"""``voicebot webhooks``: look, send again, try an endpoint, describe."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from telephony.api import CallInfo
from tests.webhooks.receiver import SECRET, Receiver
from voicebot.cli import app
from voicebot.errors import SettingsError
from voicebot.records import Records
from voicebot.settings import WebhookSettings

Make = Callable[..., Receiver]


@pytest.fixture
def config(tmp_path: Path, receivers: Make) -> Path:
    crm = receivers()
    path = tmp_path / "hotline.toml"
    path.write_text(
        f'[records]\ndirectory = "{tmp_path}"\n'
        f'[[webhooks]]\nname = "crm"\nurl = "{crm.url}"\nsecret = "{SECRET}"\n'
        '[[webhooks]]\nname = "dead"\nurl = "http://127.0.0.1:9/in"\n'
        f'secret = "{SECRET}"\n',
        encoding="utf-8",
    )
    return path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["webhooks", *arguments])


def test_what_waits_is_listed_and_retried(config: Path) -> None:
    store = Records.open(config.parent)
    store.start_call(CallInfo("x", "1", "2")).publish("crm", "call.ended", "{}")
    assert store.close() == 0
    listed = run("list", "--config", str(config))
    assert "call.ended" in listed.output and "crm: 1 waiting" in listed.output
    assert "crm: 1 waiting" in run("list", "--config", str(config), "--state", "given_up").output
    assert "1 messages" in run("retry", "--config", str(config)).output
    assert "0 messages" in run("retry", "--config", str(config), "--endpoint", "dead").output
    wrong = run("list", "--config", str(config), "--state", "lost")
    assert isinstance(wrong.exception, SettingsError)


def test_ping_says_whether_an_endpoint_takes_messages(config: Path) -> None:
    good = run("ping", "crm", "--config", str(config))
    assert good.exit_code == 0 and "took the message" in good.output
    dead = run("ping", "dead", "--config", str(config))
    assert dead.exit_code == 1 and "not delivered" in dead.output
    unknown = run("ping", "erp", "--config", str(config))
    assert "known: crm, dead" in str(unknown.exception)


def test_a_new_secret_is_one_that_the_settings_take() -> None:
    first, second = (run("secret").output.strip() for _ in range(2))
    assert first != second
    made = WebhookSettings.model_validate({"name": "a", "url": "https://a.b", "secret": first})
    assert len(made.key()) == 32


def test_the_description_is_openapi_and_names_every_message() -> None:
    document = json.loads(run("openapi").output)
    assert document["openapi"].startswith("3.1")
    assert set(document["webhooks"]) == {
        "call.started",
        "handoff.started",
        "handoff.finished",
        "call.ended",
        "call_back.booked",
        "ping",
    }
    post = document["webhooks"]["handoff.started"]["post"]
    assert {each["name"] for each in post["parameters"]} == {
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
    }
    assert post["requestBody"]["content"]["application/json"]["schema"]["$ref"].endswith(
        "HandoffStarted"
    )
