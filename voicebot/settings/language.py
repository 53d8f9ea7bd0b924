"""`[language]`: the language model, what it may be used for, and where it is (docs/language.md)."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from voicebot.settings.section import Section

Use = Literal["choose", "classify", "phrase"]


class LanguageServerSettings(Section):
    """Used when `language.engine` is "http": an OpenAI-compatible server (vLLM, Ollama …)."""

    url: str = Field("", description="base of its API, e.g. http://127.0.0.1:8000/v1")
    key: SecretStr = Field(
        SecretStr(""),
        description="sent as bearer token; better as VOICEBOT__LANGUAGE__HTTP__KEY or `key_file`",
    )
    key_file: Path | None = Field(None, description="a file that holds nothing but the key")
    connect_ms: int = Field(1000, ge=50, description="wait for a connection")
    rest_s: float = Field(
        30.0, gt=0, description="after three failures in a row it is left alone for so long"
    )
    proxy: SecretStr = Field(SecretStr(""), description="http://[USER:PASSWORD@]HOST:PORT")
    ca_file: Path | None = Field(None, description="certificates to trust instead of public ones")
    extra: dict[str, Any] = Field(
        default_factory=dict, description="further keys of every request's body"
    )


class LanguageSettings(Section):
    """A language model, used for choices and wordings under a deadline, and for drafts."""

    engine: Literal["none", "ctranslate2", "http"] = "none"
    model: str = Field(
        "qwen2.5-coder-1.5b",
        description="a weight's name or a folder; of a server: the model's name there",
    )
    threads: int = Field(1, ge=1)
    uses: tuple[Use, ...] = Field(
        ("choose", "classify", "phrase"),
        description="what it may be used for, where it passes the probe at the start",
    )
    prompt_tokens: int = Field(
        1500, ge=200, description="longest prompt; what does not fit is left out (docs/language.md)"
    )
    http: LanguageServerSettings = LanguageServerSettings()  # type: ignore[call-arg]

    @model_validator(mode="after")
    def _server_has_an_address(self) -> Self:
        if self.engine == "http":
            parts = urlsplit(self.http.url)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                came = "one with an @" if "@" in self.http.url else repr(self.http.url)  # a login?
                raise ValueError(
                    f"http.url: with engine = 'http' an address like http://127.0.0.1:8000/v1 is "
                    f"expected, got {came}"
                )
            if parts.username or parts.password:
                raise ValueError("http.url: no user or password is expected in it; use http.key")
        return self
