"""`[asr.funasr]`: what the ears load when `asr.engine` is "funasr" (docs/funasr.md)."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from voicebot.settings.section import Section


class FunasrSettings(Section):
    """FunASR's models: a folder, a weight's name, or a name that FunASR downloads itself."""

    model: str = Field(
        "paraformer-zh-streaming", min_length=1, description="a Paraformer that streams"
    )
    vad: str = Field(
        "fsmn-vad", description="keeps non-speech from becoming text; empty: silence only"
    )
    punctuation: str = Field("", description="marks for the final text, e.g. ct-punc")
    second_pass: str = Field(
        "", description="hears each utterance again, whole and offline, e.g. paraformer-zh"
    )
    hotwords: bool = Field(True, description="the pack's lexicon goes to the second pass")
    hub: Literal["ms", "hf"] = Field(
        "ms", description="where names are looked up: ModelScope or Hugging Face"
    )
    device: str = Field("cpu", description="cpu, cuda, cuda:N or mps")
    chunk_size: tuple[int, int, int] = Field(
        (0, 10, 5), description="past, chunk and look-ahead in frames of 60 ms"
    )
    encoder_chunk_look_back: int = Field(4, ge=0, description="chunks the encoder attends to")
    decoder_chunk_look_back: int = Field(1, ge=0, description="chunks the decoder attends to")
