"""What a seat hears before it is joined, and who may come into a call: part of ``[handoff]``."""

from __future__ import annotations

from pydantic import Field

from voicebot.settings.section import Section


class ControlSettings(Section):
    """Whisper, listening on, and the supervisors' phones."""

    whisper: bool = Field(
        False,
        description="a seat that has picked up hears the caller's problem in one sentence before "
        "it is joined; the caller hears it ring meanwhile. Not with mode refer",
    )
    whisper_limit_s: float = Field(
        8.0, gt=0, le=20, description="the whisper is cut there, and the seat is joined"
    )
    listen_on: bool = Field(
        False,
        description="the bot goes on listening to caller and seat while they talk, and tells what "
        "it hears as events. Not with mode refer or attended, where the bot is out",
    )
    listen_on_notice: str = Field(
        "",
        description="said to the caller before a seat is rung, e.g. 转接后，通话内容将由智能助手"
        "辅助记录。Not listened on where it was not said to its end. Empty: it is "
        "announced elsewhere (records.announce)",
    )
    supervisors: tuple[str, ...] = Field(
        (),
        description="URIs that a supervisor may have rung to join or take over a call, e.g. "
        "sip:3001@10.0.0.5; the seats' may always be. No other is dialled",
    )
