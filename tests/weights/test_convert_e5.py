"""The conversion of e5 against a plain numpy forward pass of the packed file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.weights.e5_reference import embed
from voicebot.errors import WeightsError
from voicebot.weights import locate
from voicebot.weights.e5_q4 import E5Q4File

TEXTS = (
    "query: 服务器开不了机，面板上亮红灯",
    "passage: RAID卡日志显示硬盘掉线，请更换3号槽位硬盘。",
    "query: how do I reset the BMC password?",
    "passage: 保修期内免费上门维修",
    "query: ＮＦ５２８０Ｍ６　电源\t告警  ",
)


def test_another_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "e5-small-q4.bin"
    path.write_bytes(b"GGUF" + bytes(100))
    with pytest.raises(WeightsError, match="expected a file that begins b'E5S1', got b'GGUF'"):
        E5Q4File(path)


@pytest.mark.weights
def test_int8_embeddings_match_the_packed_weights(models: Path) -> None:
    import ctranslate2
    from tokenizers import Tokenizer

    folder = locate("e5-small", models)
    packed = E5Q4File(locate("e5-small-q4", models) / "e5-small-q4.bin")
    word = packed.q4("emb.word", packed.vocabulary_size, packed.hidden)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    encoder = ctranslate2.Encoder(str(folder), compute_type="int8_float32", intra_threads=1)
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        hidden = np.array(encoder.forward_batch([ids]).last_hidden_state)[0].mean(0)
        cosine = embed(packed, word, ids) @ hidden / np.linalg.norm(hidden)
        assert cosine > 0.998, (text, cosine)


@pytest.mark.weights
def test_the_tokenizer_normalises_as_sentencepiece_does(models: Path) -> None:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(locate("e5-small", models) / "tokenizer.json"))
    plain = tokenizer.encode("query: NF5280M6 电源 告警").ids
    assert tokenizer.encode("  query: ＮＦ５２８０Ｍ６　电源\t\u200b 告警\n").ids == plain
    assert tokenizer.decode(plain) == "query: NF5280M6 电源 告警"
