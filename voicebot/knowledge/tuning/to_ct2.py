"""A tuned model as int8 for CTranslate2: several times faster on a CPU, and without torch."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from voicebot.errors import WeightsError
from voicebot.knowledge.ct2_embedder import PASSAGE_PREFIX, QUERY_PREFIX
from voicebot.knowledge.st_embedder import prefixes

CONFIG = "config_sentence_transformers.json"


def convert(folder: Path, target: Path) -> None:
    """Write `target`, a new folder for `CT2Embedder`, from the sentence-transformers `folder`.

    Raises WeightsError for a model that `CT2Embedder` would not run as it was trained: it takes
    the mean over the last layer, and e5's prefixes.
    """
    _check(folder)
    from ctranslate2.converters import TransformersConverter

    try:
        TransformersConverter(str(folder)).convert(str(target), quantization="int8_float32")
    except Exception as error:  # transformers and CTranslate2 raise all kinds
        first = (str(error).splitlines() or [type(error).__name__])[0]
        raise WeightsError(f"tune: {folder} cannot be converted ({first})") from None
    shutil.copyfile(folder / "tokenizer.json", target / "tokenizer.json")


def _check(folder: Path) -> None:
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        found = prefixes(config.get("prompts"))
    except (OSError, ValueError, AttributeError) as error:
        raise WeightsError(f"tune: {folder / CONFIG} cannot be read ({error})") from None
    if found != (QUERY_PREFIX, PASSAGE_PREFIX):
        raise WeightsError(
            f"tune: {folder} has the prefixes {found}; only a model with {QUERY_PREFIX!r} and "
            f"{PASSAGE_PREFIX!r} can be converted"
        )
    for path in folder.glob("*_Pooling/config.json"):
        pooling = json.loads(path.read_text(encoding="utf-8"))
        mean = pooling.get("pooling_mode") == "mean" or pooling.get("pooling_mode_mean_tokens")
        if not mean:
            raise WeightsError(f"tune: {folder} does not take the mean of the tokens' vectors")
    if not (folder / "tokenizer.json").is_file():
        raise WeightsError(f"tune: {folder / 'tokenizer.json'} is missing")
