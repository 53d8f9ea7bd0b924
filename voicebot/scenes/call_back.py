"""The one scene that every pack has: taking down the number of a call back.

It has no triggers and no faults; it is there so that this number is dictated, read back and
corrected like every other (voicebot/dialog/dictation.py).
"""

from __future__ import annotations

from voicebot.scenes.model import Exit, Scene, Slot, SlotType

NUMBER = "number"
_EXIT = Exit("", "回电号码没有核对上")
SCENE = Scene(
    id="call_back",
    name="预约回电",
    label="预约回电",
    version=1,
    triggers=(),
    slots=(
        Slot(
            NUMBER,
            SlotType.DIGITS,
            "回电号码",
            asks=(
                "请报一下回电的号码，也可以直接按键输入，按井号结束。",
                "您的回电号码是多少？",
            ),
            required=True,
            about=("回电号码", "电话", "手机"),
            pattern="1[3-9][0-9]{9}|0[0-9]{9,11}",
            format="手机号是十一位，座机请带上区号。",
            example="13800138000",
            personal=True,
        ),
    ),
    branches=(),
    ask_order=(NUMBER,),
    on_limit=_EXIT,
    on_unknown=_EXIT,
)
