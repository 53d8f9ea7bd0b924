"""`[knowledge]`: the embedder and where vectors are searched (docs/knowledge.md)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from voicebot.settings.section import Section


class MilvusSettings(Section):
    """The vector server, where `knowledge.vectors` is "milvus"."""

    uri: str = Field("", description="http://HOST:19530, or a milvus-lite file ending in .db")
    token: SecretStr = Field(
        SecretStr(""),
        description="USER:PASSWORD or an API key; best left to the environment: "
        "VOICEBOT__KNOWLEDGE__MILVUS__TOKEN",
    )
    collection: str = Field(
        "voicebot",
        pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$",
        description="collections are named so, and a random number",
    )
    timeout_ms: int = Field(
        300, ge=10, description="a search that takes longer goes on with words alone"
    )


class KnowledgeSettings(Section):
    """Retrieval over the pack."""

    embedder: str = Field(
        "e5-small",
        description="a weight's name or a folder; a sentence-transformers folder needs its extra: "
        "pip install 'voicebot[sentence-transformers]'",
    )
    query_prefix: str | None = Field(
        None,
        description="before each question, with sentence-transformers; unset: as the model's "
        "folder says",
    )
    passage_prefix: str | None = Field(None, description="the same before each passage")
    wrong_answers: float = Field(
        0.2,
        ge=0,
        le=1,
        description="how many of the questions that the documents do not answer may be answered "
        "all the same; less refuses more (docs/knowledge.md)",
    )
    threads: int = Field(1, ge=1)
    vectors: Literal["auto", "flat", "ivf", "milvus"] = Field(
        "auto",
        description="auto: flat (exact) below 200,000 passages, IVF-SQ8 from there on; milvus: a "
        "server, needs its extra: pip install 'voicebot[milvus]'",
    )
    milvus: MilvusSettings = MilvusSettings()  # type: ignore[call-arg]

    @model_validator(mode="after")
    def _a_server_to_ask(self) -> Self:
        if self.vectors == "milvus" and not self.milvus.uri:
            raise ValueError("milvus.uri: http://HOST:19530 is expected with vectors = 'milvus'")
        return self
