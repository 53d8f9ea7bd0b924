"""The whole path on a CPU: recordings, two steps of training, delta, merged model, text.

Two steps prove no gain (docs/adapt.md has the measurement); they prove that every part fits.
torch is imported inside the tests: the main environment collects this file without it.
"""

from __future__ import annotations

import itertools
import tomllib
from pathlib import Path

import ctranslate2
import numpy as np
import pytest

from asr_models.adapt.__main__ import main
from asr_models.adapt.ct2_file import read_ct2
from asr_models.adapt.delta import load_delta, sha256_of
from asr_models.logmel import LogMel
from asr_models.resample import to_rate
from asr_models.wav import read_wav
from asr_models.whisper_ct2 import WhisperRecognizer

FIXTURES = Path(__file__).parents[2] / "audio_fixtures"
NAMES = ("disk_missing", "memory_error", "model", "human", "raid_yes", "ask_part")


@pytest.fixture(scope="module")
def base(models: Path) -> Path:
    return models / "whisper-base"


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    manifest = tomllib.loads((FIXTURES / "manifest.toml").read_text(encoding="utf-8"))
    texts = {line["file"]: line["text"] for line in manifest["line"]}
    folder = tmp_path_factory.mktemp("recordings")
    rows = [f"{FIXTURES / name}.wav\t{texts[name + '.wav']}\t{name}\n" for name in NAMES]
    (folder / "manifest.tsv").write_text("file\ttext\tspeaker\n" + "".join(rows), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def prepared(recordings: Path) -> Path:
    out = recordings / "prepared"
    assert main(["prepare", str(recordings), "--out", str(out)]) == 0
    return out


def train(prepared: Path, base: Path, out: Path, *more: str) -> int:
    small = ("--batch", "2", "--limit", "4", "--rank", "2", "--held-out", "0", "--threads", "1")
    return main(["train", str(prepared), "--base", str(base), "--out", str(out), *small, *more])


@pytest.fixture(scope="module")
def run(prepared: Path, base: Path) -> Path:
    out = prepared.parent / "run"
    assert train(prepared, base, out) == 0
    return out


def logmel(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    wav = read_wav(FIXTURES / f"{name}.wav")
    samples = to_rate(wav.mono(), wav.sample_rate, 16000).astype(np.float32) / np.float32(32768)
    return LogMel()(samples, 1000)[None]


def test_the_network_writes_what_ctranslate2_writes(base: Path) -> None:
    import torch

    from asr_models.adapt.network import Network

    theirs = ctranslate2.models.Whisper(str(base), compute_type="float32", intra_threads=1)
    ours = Network(read_ct2(base / "model.bin"), None, device="cpu", kind=torch.float32)
    start = [
        50258,
        50260,
        50359,
        50363,
    ]  # <|startoftranscript|><|zh|><|transcribe|><|notimestamps|>
    end = 50257
    for name in ("disk_missing", "memory_error"):
        mel = logmel(name)
        view = ctranslate2.StorageView.from_array(mel)
        with torch.no_grad():
            memory = ours.encode(ours.encoder_input(torch.from_numpy(mel)))
            encoded = np.array(theirs.encode(view, to_cpu=True))
            np.testing.assert_allclose(memory.numpy(), encoded, atol=0.01)
            ids = list(start)
            while ids[-1] != end and len(ids) < 60:
                ids.append(int(ours.decode(memory, torch.tensor([ids]))[0, -1].argmax()))
        written = theirs.generate(view, [start], beam_size=1)[0].sequences_ids[0]
        assert ids[len(start) : -1] == list(written) and len(written) > 5


def test_training_changes_the_factors_and_goes_on_where_it_stopped(
    prepared: Path, base: Path, run: Path, tmp_path: Path
) -> None:
    import torch

    from asr_models.adapt.corpus import load_corpus
    from asr_models.adapt.train import Plan, Trainer

    state = torch.load(run / "state.pt", weights_only=True)
    assert state["done"] == 2
    assert all(bool(factor.abs().max() > 0) for factor in state["up"].values())

    corpus = load_corpus(prepared)
    plan = Plan(batch=2, rank=2, encoder_layers=1)
    whole = Trainer(base, corpus, corpus.clips[:6], tmp_path / "whole", plan)
    steps = [step.step for step in whole.run()]
    assert steps == [1, 2, 3]
    first = Trainer(base, corpus, corpus.clips[:6], tmp_path / "parts", plan)
    assert [step.step for step in itertools.islice(first.run(), 2)] == [1, 2]
    first.save()
    second = Trainer(base, corpus, corpus.clips[:6], tmp_path / "parts", plan)
    assert [step.step for step in second.run()] == [3]
    for name, factor in whole.lora.up.items():
        torch.testing.assert_close(second.lora.up[name], factor, atol=1e-5, rtol=1e-2)


def test_another_plan_does_not_go_on_with_this_run(
    prepared: Path, base: Path, run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(prepared, base, run, "--rate", "0.1") == 1
    assert "run with other settings" in capsys.readouterr().err


def test_the_delta_becomes_a_model_that_ctranslate2_runs(
    base: Path, run: Path, prepared: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "own.npz", tmp_path / "whisper-own"
    exported = ["export", str(run), "--base", str(base), "--out", str(file), "--strength", "0.5"]
    assert main([*exported, "--trained-on", "our fixtures, Apache-2.0"]) == 0
    assert main(["merge", str(file), "--base", str(base), "--out", str(out)]) == 0
    delta = load_delta(file)
    assert delta.merged_sha256 == sha256_of(out / "model.bin") != delta.base_sha256
    assert delta.note["trained_on"] == "our fixtures, Apache-2.0"
    wav = read_wav(FIXTURES / "memory_error.wav")
    heard = WhisperRecognizer(out).recognize(wav.mono(), wav.sample_rate)
    assert "内存" in heard.text
    capsys.readouterr()
    judged = ["evaluate", str(prepared), "--model", str(out), "--held-out", "1", "--limit", "2"]
    assert main(judged) == 0
    table = capsys.readouterr().out.splitlines()
    assert [line.split("|")[2].strip() for line in table[2:]] == ["clean", "noisy, lossy"]
