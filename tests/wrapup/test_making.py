"""The draft is there when the seat looks for it: within three seconds of the hang-up."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from telephony import HangupBy
from telephony.file_line import FileCall
from tests.records.samples import INFO
from tests.server_pack import server_pack
from voicebot.cli import app
from voicebot.errors import RecordsError
from voicebot.records.store import Records
from voicebot.session import events as facts
from voicebot.session.reception import Reception
from voicebot.settings import SipSettings
from voicebot.wrapup.labels import LabelTree
from voicebot.wrapup.making import FormMaker

PROMISED_S = 3.0


@dataclass
class Talking:
    """A session of one caller's turn; it notes when the call was hung up."""

    call: FileCall
    observer: facts.Observer
    said: str
    hung_up_s: list[float]

    async def run(self) -> None:
        await self.call.answer()
        self.observer(facts.CallAnswered(0, "13800138000", "400", "pcma", "server"))
        self.observer(facts.CallerSpoke(900, self.said, 0.9, 0, 900))
        await self.call.hangup()
        self.hung_up_s.append(time.monotonic())
        self.observer(facts.CallEnded(1000, HangupBy.REMOTE, "", "caller_hung_up"))


def take(folder: Path, said: str, maker: Any = None) -> tuple[float, Records]:
    """One call through the door; returns the seconds from its hang-up to the end of all of it."""
    records = Records.open(folder)
    make = maker or FormMaker(records, LabelTree(server_pack())).make
    hung_up_s: list[float] = []

    async def ring() -> float:
        call = FileCall(bytes(16 * 2000), tail_ms=0, info=INFO)
        reception = Reception(
            records,
            None,
            "server",
            SipSettings(),
            lambda call, observer, keeper: Talking(call, observer, said, hung_up_s),  # type: ignore[arg-type]
            lambda call_id, event: None,
            wrap_up=make,
        )
        await reception.take(call)
        return time.monotonic() - hung_up_s[0]

    return asyncio.run(ring()), records


def test_the_draft_exists_soon_after_the_hang_up(tmp_path: Path) -> None:
    after_s, records = take(tmp_path, "服务器报内存错误，我的电话13800138000")
    (row,) = records.list_calls()
    kept = records.forms.get(row.id)
    records.close()
    print(f"form after {after_s * 1000:.0f} ms")
    assert kept is not None and kept.drafted()["problem_class"] == "故障/内存/内存报错"
    assert "13800138000" not in json.dumps(kept.draft, ensure_ascii=False)
    assert after_s < 2 * PROMISED_S, "three seconds are promised; machines under test are slow"


def test_a_call_in_which_nothing_was_said_has_no_form(tmp_path: Path) -> None:
    _, records = take(tmp_path, "")
    (row,) = records.list_calls()
    assert records.forms.get(row.id) is None
    records.close()


def test_a_form_that_cannot_be_made_harms_no_call(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise RecordsError("records: cannot be written: disk full")

    monkeypatch.setattr("voicebot.records.forms.Forms.save_draft", full)
    _, records = take(tmp_path, "服务器报内存错误")
    (row,) = records.list_calls()
    assert row.outcome == "caller_hung_up" and records.forms.get(row.id) is None
    records.close()


def test_forms_are_shown_and_exported_as_training_pairs(tmp_path: Path) -> None:
    _, records = take(tmp_path, "服务器报内存错误")
    (row,) = records.list_calls()
    where = ["--records", str(tmp_path)]
    shown = CliRunner().invoke(app, ["calls", "form", row.id[:8], *where])
    assert "问题分类：故障/内存/内存报错" in shown.output and "not accepted yet" in shown.output
    kept = records.forms.get(row.id)
    assert kept is not None
    records.forms.accept(row.id, "二线01", {**kept.drafted(), "wants": "尽快换"})
    records.close()
    out = tmp_path / "pairs.jsonl"
    done = CliRunner().invoke(app, ["calls", "forms", "export", str(out), *where])
    assert done.exit_code == 0 and "1 accepted forms" in done.output, done.output
    pair = json.loads(out.read_text(encoding="utf-8"))
    assert pair["edits"] == {"wants": ["", "尽快换"]}
    assert pair["turns"] == [{"role": "caller", "text": "服务器报内存错误"}]
    shown = CliRunner().invoke(app, ["calls", "form", row.id[:8], *where])
    assert "客户诉求：尽快换" in shown.output and "accepted by 二线01" in shown.output
