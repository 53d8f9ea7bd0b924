"""``voicebot models probe``: what a model is able to do, without a call."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from tests.language.llm_server import Connection, chosen, said, serving, streamed
from voicebot.cli import app
from voicebot.errors import SettingsError
from voicebot.language.probe import FORM_HOLDS, PICKS


def able_to_choose(to: Connection, asked: dict[str, Any]) -> None:
    """Knows which passage answers, and nothing else."""
    question = asked["messages"][-1]["content"]
    if asked["stream"]:
        to.reply(streamed("保修期为十年。"))
    elif "response_format" in asked:
        to.reply(said(str(dict.fromkeys(FORM_HOLDS, "不知道")).replace("'", '"')))
    else:
        right = {text: len(titles) if n is None else n for text, titles, n in PICKS}
        number = next((n for text, n in right.items() if text in question), 0)
        to.reply(chosen("ABCDEFGH"[number]))


def test_each_use_is_told_of_with_its_figures() -> None:
    with serving(able_to_choose) as server:
        done = CliRunner().invoke(
            app, ["models", "probe", "--engine", "http", "--model", "qwen", "--url", server.url]
        )
    assert done.exit_code == 0, done.output
    rows = {line.split("│")[1].strip(): line for line in done.output.splitlines() if "│" in line}
    assert "on: 8 of 8 right (8 questions), 0 misleading" in rows["choose"]
    assert "off: 1 of 8 right" in rows["classify"]
    assert "misleading" in rows["phrase"] and "off" in rows["phrase"]
    assert "off: 0 of 1 right" in rows["forms"]


def test_a_server_that_is_not_there_is_no_use(tmp_path: Any) -> None:
    done = CliRunner().invoke(
        app, ["models", "probe", "--engine", "http", "--url", "http://127.0.0.1:9/v1", "--verbose"]
    )
    assert done.exit_code == 1
    assert "there is no connection to it" in done.output.replace("\n", "")


def test_without_a_model_it_says_what_to_do() -> None:
    done = CliRunner().invoke(app, ["models", "probe"])
    assert isinstance(done.exception, SettingsError)
    assert "try --engine ctranslate2" in str(done.exception)


@pytest.mark.parametrize("url", ["", "ftp://x/v1", "http://user:secret@x/v1"])
def test_an_address_that_is_none_is_an_error(url: str) -> None:
    done = CliRunner().invoke(app, ["models", "probe", "--engine", "http", "--url", url])
    assert isinstance(done.exception, SettingsError)
