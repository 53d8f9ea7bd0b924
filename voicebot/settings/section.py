"""The base of every table of settings."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A frozen table of settings in which every key must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True)
