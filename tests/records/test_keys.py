"""The store's key: made once, for its owner, the same on every host; what it seals and names."""

from __future__ import annotations

from pathlib import Path

import pytest
import structlog

from tests.records.samples import INFO
from voicebot.errors import RecordsError
from voicebot.records import Records
from voicebot.records.keys import CallerKeys
from voicebot.settings import RecordsSettings


def test_the_key_file_is_its_owners_and_made_once(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "caller.key"
    first = CallerKeys.load(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["caller.key"]
    assert CallerKeys.load(path).pseudonym("138") == first.pseudonym("138")
    path.write_text("no key")
    with pytest.raises(RecordsError, match="64 hexadecimal digits"):
        CallerKeys.load(path)
    with pytest.raises(RecordsError, match="is missing"):
        CallerKeys.load(tmp_path / "none", create=False)


@pytest.mark.parametrize(
    "one",
    [
        "13800138000",
        "+86 138 0013 8000",
        "0086-13800138000",
        "013800138000",
        "１３８００１３８０００",
    ],
)
def test_ways_of_writing_one_number_have_one_pseudonym(one: str) -> None:
    keys = CallerKeys(b"k" * 32)
    assert keys.pseudonym(one) == keys.pseudonym("8613800138000")
    assert keys.pseudonym(one) != keys.pseudonym("13800138001")
    assert keys.pseudonym("anonymous") == "" == keys.pseudonym("")
    assert keys.pseudonym("ZhangWei") == keys.pseudonym("zhangwei")


@pytest.mark.parametrize("one", ["021-6234 5678", "+86-21-62345678", "0086 021 62345678"])
def test_ways_of_writing_one_landline_have_one_pseudonym(one: str) -> None:
    keys = CallerKeys(b"k" * 32)
    assert keys.pseudonym(one) == keys.pseudonym("02162345678")
    assert keys.pseudonym(one) != keys.pseudonym("01062345678")
    assert keys.pseudonym(one) != keys.pseudonym("62345678")


def test_a_sealed_value_opens_for_its_own_call_only() -> None:
    keys = CallerKeys(b"k" * 32)
    box = keys.seal("13800138000", "a")
    assert keys.open(box, "a") == "13800138000"
    assert keys.seal("13800138000", "a") != box
    for broken, call_id in ((box, "b"), (box[:-1] + b"?", "a"), (b"", "a")):
        with pytest.raises(RecordsError, match="another key, or altered"):
            keys.open(broken, call_id)


async def test_two_hosts_with_two_keys_are_told(place: str, tmp_path: Path) -> None:
    def opened(key: str) -> Records:
        where = {"url": place if "://" in place else "", "directory": tmp_path}
        return Records.open(RecordsSettings.model_validate({**where, "key_file": tmp_path / key}))

    with structlog.testing.capture_logs() as logs:
        first = opened("a.key")
        call = first.start_call(INFO)
        assert await call.stored(30)
        assert first.custody.sealed_by_others() == 0
        first.close()
        opened("a.key").close()
        assert logs == []
        second = opened("b.key")
    assert [each["event"] for each in logs] == ["records_key_differs"]
    assert second.custody.calls_of("13800138000") == ()
    assert second.custody.sealed_by_others() == 1
    second.close()


async def test_who_only_reads_a_store_makes_no_key(tmp_path: Path) -> None:
    Records.open(tmp_path).close()
    key = tmp_path / "caller.key"
    key.unlink()
    reader = Records.open(tmp_path, create=False)
    assert not key.exists() and reader.list_calls() == []
    with pytest.raises(RecordsError, match="without its key"):
        reader.custody.calls_of("13800138000")
    reader.close()
