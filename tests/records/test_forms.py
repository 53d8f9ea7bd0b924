"""Forms and suggestions are kept, edits as training pairs; nobody's number is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.records.samples import INFO
from voicebot.errors import RecordsError
from voicebot.records import Records
from voicebot.settings import RetentionSettings


@dataclass(frozen=True)
class Draft:
    """A form as `wrapup` drafts it."""

    problem: str

    def to_dict(self) -> dict[str, Any]:
        field = {"key": "problem", "label": "问题描述", "value": self.problem, "turn": 1}
        return {"keys": ["problem", "serial"], "fields": [field]}


@dataclass(frozen=True)
class Shown:
    """A suggestion as `assist` makes it."""

    id: str = "a1"
    kind: str = "passage"
    text: str = "整机保修三年"
    source: str = "云岚服务政策 2"
    turn: int = 3


def test_a_form_is_drafted_accepted_and_its_edits_kept(store: Records) -> None:
    forms = store.forms
    assert forms.get("c1") is None
    forms.save_draft("c1", Draft("看不到硬盘"))
    kept = forms.get("c1")
    assert kept is not None and kept.accepted is None and kept.edits() == {}
    forms.accept("c1", "二线01", {"problem": "装系统看不到硬盘 ", "serial": "YL2095370856"})
    kept = forms.get("c1")
    assert kept is not None and kept.seat == "二线01" and kept.accepted_at is not None
    assert kept.drafted() == {"problem": "看不到硬盘"}
    assert kept.edits() == {
        "problem": ("看不到硬盘", "装系统看不到硬盘"),
        "serial": ("", "YL2095370856"),
    }


def test_a_later_draft_replaces_a_draft_and_nothing_that_was_accepted(store: Records) -> None:
    forms = store.forms
    forms.save_draft("c1", Draft("一"))
    forms.save_draft("c1", Draft("二"))
    forms.accept("c1", "李", {"problem": "二"})
    forms.save_draft("c1", Draft("三"))
    kept = forms.get("c1")
    assert kept is not None and kept.drafted() == {"problem": "二"} and kept.edits() == {}


def test_what_a_seat_types_is_masked_and_unknown_fields_are_refused(store: Records) -> None:
    forms = store.forms
    forms.save_draft("c1", Draft("打13800138000"))
    done = forms.accept("c1", "李", {"problem": "回电13800138000"})
    assert done.accepted == {"problem": "回电138******00"}
    assert "13800138000" not in repr(forms.get("c1"))
    with pytest.raises(RecordsError, match="unknown field 'nonsense'; known: problem, serial"):
        forms.accept("c1", "李", {"nonsense": "x"})
    with pytest.raises(RecordsError, match="no form to accept"):
        forms.accept("c2", "李", {})


def test_accepted_forms_are_found_by_the_day_of_their_call(store: Records) -> None:
    recorder = store.start_call(INFO)
    recorder.finish("bot_ended", "local")
    assert store.list_calls is not None
    store._writer and store._writer.barrier().result(5)
    store.forms.save_draft(recorder.call_id, Draft("一"))
    assert list(store.forms.accepted()) == []
    store.forms.accept(recorder.call_id, "李", {"problem": "一"})
    now = datetime.now(UTC)
    assert [kept.call_id for kept in store.forms.accepted(now - timedelta(days=1))] == [
        recorder.call_id
    ]
    assert list(store.forms.accepted(now + timedelta(days=1))) == []
    assert list(store.forms.accepted(until=now - timedelta(days=1))) == []


def test_what_a_seat_did_with_a_suggestion_is_counted(store: Records) -> None:
    kept = store.suggestions
    kept.record("c1", Shown(), "shown")
    kept.record("c1", Shown(), "used")
    kept.record("c1", Shown(), "shown")  # drawn again: it was used all the same
    kept.record("c1", Shown("b2", "next_check", "打13800138000", "", 1), "dismissed")
    first, second = kept.of_call("c1")
    assert (first.id, first.verdict, first.text) == ("b2", "dismissed", "打138******00")
    assert (second.id, second.verdict, second.source) == ("a1", "used", "云岚服务政策 2")
    assert kept.adoption() == {("passage", "used"): 1, ("next_check", "dismissed"): 1}
    with pytest.raises(RecordsError, match="expected shown, used, dismissed, got 'liked'"):
        kept.record("c1", Shown(), "liked")


@pytest.mark.parametrize("shown_before", [False, True])
def test_a_suggestion_is_noted_while_others_write(store: Records, shown_before: bool) -> None:
    """Somebody commits between whatever is read for it and the first write."""
    if shown_before:
        store.suggestions.record("c1", Shown(), "shown")
    commits = [lambda: store.forms.save_draft("c1", Draft("一"))]

    def before_write(*execution: Any) -> None:
        statement: str = execution[2]
        if statement.startswith(("INSERT", "UPDATE")) and commits:
            commits.pop()()

    sa.event.listen(store._engine, "before_cursor_execute", before_write)
    store.suggestions.record("c1", Shown(), "used")
    assert commits == [] and store.forms.get("c1") is not None
    assert [each.verdict for each in store.suggestions.of_call("c1")] == ["used"]


def test_forms_go_with_the_texts_of_their_call(store: Records) -> None:
    recorder = store.start_call(INFO)
    recorder.finish("bot_ended", "local")
    assert store._writer is not None and store._writer.barrier().result(5)
    store.forms.save_draft(recorder.call_id, Draft("一"))
    store.suggestions.record(recorder.call_id, Shown(), "used")
    later = datetime.now(UTC) + timedelta(days=40)
    keep = RetentionSettings(audio_days=1, texts_days=30, calls_days=0)
    assert store.custody.purge(keep, later).texts == 1
    assert store.forms.get(recorder.call_id) is None
    assert store.suggestions.of_call(recorder.call_id) == ()
