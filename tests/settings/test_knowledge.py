"""`[knowledge]`: where vectors are searched."""

from __future__ import annotations

from pathlib import Path

import pytest

from voicebot.errors import SettingsError
from voicebot.knowledge.build import vector_choice
from voicebot.settings import load_settings


def test_milvus_needs_a_server() -> None:
    with pytest.raises(SettingsError, match=r"milvus\.uri: http://HOST:19530 is expected"):
        load_settings(environ={"VOICEBOT__KNOWLEDGE__VECTORS": "milvus"})


def test_the_token_comes_from_the_environment_and_is_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "hotline.toml"
    path.write_text(
        '[knowledge]\nvectors = "milvus"\nmilvus = {uri = "http://10.0.0.9:19530"}\n',
        encoding="utf-8",
    )
    environ = {"VOICEBOT__KNOWLEDGE__MILVUS__TOKEN": "root:geheim"}
    settings = load_settings(path, environ=environ)
    choice = vector_choice(settings.knowledge)
    assert choice.backend == "milvus" and choice.milvus is not None
    assert (choice.milvus.token, choice.milvus.timeout_s) == ("root:geheim", 0.3)
    assert "geheim" not in f"{settings} {choice}"
    path.write_text("[knowledge.milvus]\ntoken = 4711\n", encoding="utf-8")
    with pytest.raises(SettingsError) as error:
        load_settings(path, environ={})
    assert "knowledge.milvus.token" in str(error.value)
    assert "4711" not in str(error.value)


def test_without_a_server_vectors_stay_in_files() -> None:
    choice = vector_choice(load_settings(environ={}).knowledge)
    assert (choice.backend, choice.milvus) == ("auto", None)
    assert [choice.for_rows(n) for n in (199_999, 200_000)] == ["flat", "ivf"]
