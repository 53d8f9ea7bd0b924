"""Any CTranslate2 Whisper by path: other shapes, devices, number formats, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import ctranslate2
import numpy as np
import pytest

from asr_models.errors import AsrModelError
from asr_models.whisper_ct2 import WhisperRecognizer
from asr_models.whisper_vocabulary import prune, read_tokens
from asr_models.whisper_weights import load_whisper
from tests.asr_models.random_whisper import write_random_whisper
from tests.bench.clips import Clip, read_8k, through_phone


@pytest.fixture(scope="module")
def other_shape(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whisper-128")
    write_random_whisper(folder, models / "whisper-base")
    return folder


@pytest.mark.weights
def test_a_whisper_of_128_mel_bands_is_loaded_and_heard_with(other_shape: Path) -> None:
    """Its weights are random, so it babbles; nothing of that may get past the guards."""
    recognizer = WhisperRecognizer(other_shape, beam_size=2)
    assert recognizer.name == f"whisper:{other_shape.name}"
    noise = (3000 * np.random.default_rng(1).standard_normal(16_000)).astype(np.int16)
    heard = recognizer.recognize(noise)
    assert heard.alternatives[0].score < -1.0
    assert heard.confidence < 0.01
    stream = recognizer.stream()
    stream.accept(noise)
    stream.partial()
    assert stream.final().alternatives == heard.alternatives


@pytest.mark.weights
def test_the_features_have_as_many_bands_as_the_weights_want(
    other_shape: Path, models: Path
) -> None:
    assert load_whisper(other_shape).mel_bands == 128
    assert load_whisper(models / "whisper-base").mel_bands == 80


@pytest.mark.weights
def test_a_device_or_a_number_format_that_is_not_there_is_refused(
    other_shape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 0)
    with pytest.raises(AsrModelError, match="finds no CUDA device; choose cpu or auto"):
        load_whisper(other_shape, device="cuda")
    with pytest.raises(AsrModelError, match="expected device cpu, cuda or auto, got 'tpu'"):
        load_whisper(other_shape, device="tpu")
    with pytest.raises(AsrModelError, match=r"'int3' does not run on this cpu; it has .*int8"):
        load_whisper(other_shape, compute_type="int3")
    assert load_whisper(other_shape, device="auto").model.device == "cpu"
    assert load_whisper(other_shape, compute_type="float32").model.compute_type == "float32"


@pytest.mark.weights
def test_auto_takes_the_gpu_where_there_is_one(
    other_shape: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is none, CTranslate2 says so, and its reason is passed on."""
    if ctranslate2.get_cuda_device_count() > 0:
        assert load_whisper(other_shape, device="auto").model.device == "cuda"
        return
    monkeypatch.setattr(ctranslate2, "get_cuda_device_count", lambda: 1)
    monkeypatch.setattr(ctranslate2, "get_supported_compute_types", lambda device: {"float16"})
    with pytest.raises(AsrModelError, match=r"cannot be loaded by CTranslate2: .*(CUDA|cuda)"):
        load_whisper(other_shape, device="auto")


@pytest.mark.weights
def test_an_english_whisper_is_refused(models: Path, tmp_path: Path) -> None:
    """Its tokens after GPT-2's are numbered one lower."""
    write_random_whisper(tmp_path, models / "whisper-base")
    path = tmp_path / "tokenizer.json"
    tokenizer = json.loads(path.read_bytes())
    words = tokenizer["model"]["vocab"]
    tokenizer["model"]["vocab"] = {word: rank for word, rank in words.items() if rank < 50_256}
    merges = tokenizer["model"]["merges"]
    tokenizer["model"]["merges"] = merges[:-1]
    for token in tokenizer["added_tokens"]:
        token["id"] -= 1
    path.write_text(json.dumps(tokenizer))
    with pytest.raises(AsrModelError, match="is an English-only Whisper; expected a multiling"):
        load_whisper(tmp_path)


@pytest.mark.weights
def test_the_smaller_vocabulary_writes_the_same_text(
    whisper: WhisperRecognizer, clips: list[Clip], models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("asr_models.whisper_weights.prune", lambda folder: None)
    whole = WhisperRecognizer(models / "whisper-base")
    for clip in clips[4::24]:
        pcm = through_phone(read_8k(clip.path), None, clip.text)
        small, large = whisper.recognize(pcm), whole.recognize(pcm)
        assert small.text == large.text
        assert small.alternatives[0].score == pytest.approx(large.alternatives[0].score, abs=0.05)


@pytest.mark.weights
def test_tokens_that_were_dropped_are_spelled_in_bytes(models: Path) -> None:
    folder = models / "whisper-base"
    tokens = read_tokens(folder)
    pruned = prune(folder)
    assert pruned is not None
    assert len(pruned.files["model.bin"]) < (folder / "model.bin").stat().st_size * 0.85
    known = [tokens.index(word) for word in ("Ġserver", "<|zh|>", "ĠRA", "ID")]
    assert pruned.vocabulary.to_tokenizer(pruned.vocabulary.to_model(known)) == known
    spelled = pruned.vocabulary.to_model([tokens.index("Ġfirmware")])
    assert [tokens[old] for old in pruned.vocabulary.to_tokenizer(spelled)] == list("Ġfirmware")


@pytest.mark.weights
def test_weights_in_which_the_vocabulary_is_small_or_unknown_stay_whole(
    models: Path, tmp_path: Path
) -> None:
    assert prune(tmp_path) is None
    write_random_whisper(tmp_path, models / "whisper-base", tokens=2000)
    assert prune(tmp_path) is None  # nearly all of so few would be kept
    (tmp_path / "model.bin").write_bytes(b"\x07\x00\x00\x00 a later version")
    assert prune(tmp_path) is None
