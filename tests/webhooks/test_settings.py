"""An endpoint that cannot be told safely is refused, and its secret is never shown."""

from __future__ import annotations

from typing import Any

import pytest

from tests.webhooks.receiver import SECRET
from voicebot.errors import SettingsError
from voicebot.settings import Settings, load_settings

GOOD = {"name": "crm", "url": "https://crm.example.com/in", "secret": SECRET}


def load(*endpoints: dict[str, Any]) -> Settings:
    return load_settings(None, environ={}, overrides={"webhooks": list(endpoints)})


def test_a_good_endpoint_is_taken() -> None:
    settings = load(GOOD, {**GOOD, "name": "local", "url": "http://127.0.0.1:9/in"})
    assert [each.name for each in settings.webhooks] == ["crm", "local"]
    assert len(settings.webhooks[0].key()) == 32
    assert SECRET not in repr(settings)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"url": "http://crm.example.com/in"}, "https only"),
        ({"url": "http://127.0.0.1.example.com/in"}, "https only"),
        ({"url": "ftp://crm.example.com"}, "expected https"),
        ({"url": "crm.example.com"}, "expected https"),
        ({"url": "https://me:pass@crm.example.com"}, "a login does not belong there"),
        ({"url": "https://crm.example.com:abc/in"}, "a port of 1 to 65535"),
        ({"url": "https://crm.example.com:99999/in"}, "a port of 1 to 65535"),
        ({"give_up_after_h": 1e300}, "less than or equal"),
        ({"secret": "geheim"}, "expected whsec_"),
        ({"secret": "whsec_" + "QUFB" * 2}, "24 to 64 bytes"),
        ({"secret": "whsec_" + "geheim!" * 9}, "expected whsec_"),
        ({"secret": ["geheim"]}, "secret"),
        ({"name": "CRM 1"}, "name"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["call.nothing"]}, "kinds"),
        ({"colour": "red"}, "unknown key"),
    ],
)
def test_a_bad_one_is_one_line_without_its_secret(change: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        load({**GOOD, **change})
    message = str(caught.value)
    assert "\n" not in message
    assert SECRET not in message and "geheim" not in message and "me:pass" not in message


def test_two_of_one_name_are_refused() -> None:
    with pytest.raises(SettingsError, match="a name of its own") as caught:
        load(GOOD, GOOD)
    assert SECRET not in str(caught.value)
