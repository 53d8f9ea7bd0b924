"""The bot as it is put together: its calls are found by their record, and what is done is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from telephony import CallInfo, DialResult, TransferOutcome
from telephony.file_line import FileCall, FileEndpoint
from tests.server_pack import server_pack
from tests.session.fakes import ScriptedRecognizer, ToneVoice, audio, quiet, tone
from voicebot.app import App
from voicebot.records.store import Records
from voicebot.session.cold_estimates import cold_estimates
from voicebot.session.control import CallControl, Stage
from voicebot.session.recording import CallKeeper
from voicebot.session.spoken_texts import SpokenTexts
from voicebot.settings import load_settings
from voicebot.speech.speaker import Speaker
from voicebot.turns.scheduler import InferenceScheduler
from voicebot.turns.virtual_time import run_virtual

SETTINGS = """
[handoff]
listen_on = true
whisper = true
supervisors = ["sip:3001@boss"]
[[handoff.seats]]
name = "二线01"
uri = "sip:2001@seat"
"""
PHONE = "13912345678"


class LoudIsSpeech:
    """Stands where Silero stands."""

    def __call__(self, window: npt.NDArray[np.int16]) -> float:
        return float(np.abs(window).max() > 1000)

    def fork(self) -> LoudIsSpeech:
        return self


@pytest.fixture
def app(tmp_path: Path, scheduler: InferenceScheduler) -> App:
    path = tmp_path / "hotline.toml"
    path.write_text(SETTINGS, encoding="utf-8")
    silero: Any = LoudIsSpeech()
    return App(
        settings=load_settings(path, environ={}),
        pack=server_pack(),
        scheduler=scheduler,
        recognizer=ScriptedRecognizer([f"我的电话是{PHONE}"]),
        silero=silero,
        speaker=Speaker(ToneVoice()),
        texts=SpokenTexts(),
        knowledge=None,  # type: ignore[arg-type]  # nothing is looked up here
        records=None,
        estimates=cold_estimates({}),
    )


def test_a_call_is_controlled_by_its_records_id_and_all_of_it_is_kept_masked(
    app: App, tmp_path: Path, scheduler: InferenceScheduler
) -> None:
    records = Records.open(tmp_path / "records")
    info = CallInfo("wire-1", "13800138000", "400", codec="pcm")
    keeper = CallKeeper(records, info, "server", None)
    call_id = keeper.recorder.call_id
    seat = FileCall(audio(quiet(2000), tone(1500), quiet(1500)), tail_ms=1000)
    endpoint = FileEndpoint(dials=[DialResult(TransferOutcome.ACCEPTED, seat)])

    async def act(control: CallControl) -> None:
        assert (await control.say(f"请拨打{PHONE}。", "李班长")).ok
        assert (await control.hand_over("二线01", "李班长")).ok
        async with asyncio.timeout(60):
            while control.stage is not Stage.BRIDGED:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert (await control.whisper("先问序列号", "李班长")).ok

    async def call_it() -> None:
        call = FileCall(b"", tail_ms=90_000, info=info)
        running = asyncio.create_task(
            app.session(call, keeper, endpoint=endpoint, keeper=keeper).run()
        )
        await asyncio.sleep(0.1)
        assert app.controls.get("wire-1") is None, "the wire's id is the caller's to choose"
        control = app.controls.get(call_id)
        assert control is not None
        await act(control)
        await running
        assert app.controls.get(call_id) is None

    run_virtual(call_it, busy=lambda: scheduler.in_flight > 0)
    keeper.close()
    records.close()
    view = records.get_call(call_id)
    acted = [event.data for event in view.events if event.kind == "supervisor_acted"]
    assert [(data["action"], data["by"], data["ok"]) for data in acted] == [
        ("say", "李班长", True),
        ("hand_over", "李班长", True),
        ("whisper", "李班长", True),
    ]
    said = next(e.data for e in view.events if e.kind == "bot_spoke" and e.data.get("by"))
    assert (said["by"], said["kind"]) == ("李班长", "supervisor")
    assert [turn.who for turn in view.turns][-1] == "seat"
    assert view.turns[-1].text.startswith("我的电话是139")
    assert PHONE not in str(view.to_dict())
