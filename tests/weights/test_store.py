"""The store: what start-up says about missing, truncated, altered and converted weights."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.weights.fakes import FakeRegistry, digest, fetch, one_file, part
from voicebot.errors import WeightsError
from voicebot.weights import files, locate, store, verify
from voicebot.weights.manifest import Manifest, Weight
from voicebot.weights.recipes import CONVERTERS, Converter

TEXT = b"hello"


@pytest.fixture(autouse=True)
def converters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CONVERTERS, "upper", Converter("tests.weights.upper_converter", 1))


def manifest(text: bytes = TEXT) -> Manifest:
    known = one_file(text, parts=(part("t==1", "t/m", text),))
    known.weights["loud"] = Weight("loud", "", "", "", (), "tiny", "upper", 10)
    return known


@pytest.fixture
def fetched(tmp_path: Path, registry: FakeRegistry) -> Path:
    registry.packages = {"t==1": {"t/m": TEXT}}
    fetch(tmp_path, manifest(), registry, "loud")
    return tmp_path


def test_a_missing_weight_says_how_to_fetch_it(tmp_path: Path) -> None:
    with pytest.raises(WeightsError) as caught:
        locate("silero-vad", tmp_path)
    assert str(caught.value) == (
        f"weights: silero-vad/silero_vad.onnx is missing from {tmp_path}; "
        f"run: voicebot models fetch silero-vad --models {tmp_path}"
    )


def test_an_unknown_name_lists_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"'whisper-bass' is neither .* whisper-base"):
        locate("whisper-bass", tmp_path)


def test_a_users_own_folder_is_taken_as_it_is(tmp_path: Path) -> None:
    assert locate(str(tmp_path), tmp_path / "none") == tmp_path


def test_a_truncated_file_is_found_by_its_size(fetched: Path) -> None:
    (fetched / "tiny/model.bin").write_bytes(TEXT[:3])
    with pytest.raises(WeightsError, match=r"expected 5 bytes, got 3; run: voicebot models fetch"):
        verify("tiny", fetched, quick=True, manifest=manifest())


def test_an_altered_file_of_the_same_size_and_time_is_found(fetched: Path) -> None:
    path = fetched / "tiny/model.bin"
    before = path.stat()
    path.write_bytes(b"jello")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    verify("tiny", fetched, quick=True, manifest=manifest())
    with pytest.raises(WeightsError, match=f"sha256 {digest(TEXT)}, got {digest(b'jello')}"):
        store.check("tiny", fetched, manifest())


def test_unchanged_files_are_not_hashed_again(
    fetched: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[Path] = []

    def count(path: Path) -> str:
        hashed.append(path)
        return files.sha256_of(path)

    monkeypatch.setattr(store, "sha256_of", count)
    store.check("loud", fetched, manifest())
    assert hashed == []
    verify("loud", fetched, quick=False, manifest=manifest())
    assert [path.name for path in hashed] == ["upper.txt"]


def test_a_broken_stamp_file_only_costs_a_hash(fetched: Path) -> None:
    (fetched / ".verified/tiny.json").write_text("[")
    store.check("tiny", fetched, manifest())


def test_a_converted_weight_is_checked_against_its_own_record(fetched: Path) -> None:
    assert (fetched / "loud/sub/upper.txt").read_text() == "HELLO"
    (fetched / "loud/sub/upper.txt").write_text("JELLO")
    with pytest.raises(WeightsError, match="expected sha256"):
        store.check("loud", fetched, manifest())


def test_a_converted_weight_without_record_is_not_trusted(fetched: Path) -> None:
    (fetched / "loud/converted.json").write_text("{}")
    with pytest.raises(WeightsError, match="is no conversion record"):
        store.check("loud", fetched, manifest())


def test_a_newer_converter_converts_again(
    fetched: Path, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = (fetched / "loud/sub/upper.txt").stat().st_ino
    monkeypatch.setitem(CONVERTERS, "upper", Converter("tests.weights.upper_converter", 2))
    with pytest.raises(WeightsError, match="another version of the converter"):
        store.check("loud", fetched, manifest())
    fetch(fetched, manifest(), registry, "loud")
    store.check("loud", fetched, manifest())
    assert (fetched / "loud/sub/upper.txt").stat().st_ino != made


def test_a_conversion_that_fails_leaves_no_half_result(
    tmp_path: Path, registry: FakeRegistry
) -> None:
    registry.packages = {"t==1": {"t/m": b"poison"}}
    with pytest.raises(OSError, match="disk gone"):
        fetch(tmp_path, manifest(b"poison"), registry, "loud")
    assert not (tmp_path / "loud").exists()
    assert not list((tmp_path / ".partial").iterdir())


def test_a_write_that_fails_keeps_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("old")

    def fail(file: object) -> None:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        files.write_atomically(path, fail)
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("kept", "old")]


@pytest.mark.weights
@pytest.mark.parametrize("name", ["whisper-base", "silero-vad", "kokoro-v1.0-q8", "e5-small"])
def test_the_real_store_is_whole(name: str, models: Path) -> None:
    verify(name, models, quick=False)
    assert locate(name, models) == models / name
