"""Which of at most three passages answers the caller, or none: a few-shot choice.

Measured with Qwen2.5-Coder-1.5B int8 on 36 questions written for it, a third with no right
passage: 35 right, none picked wrongly, one right one left unpicked. About 1.2 s of CPU a
choice on one thread: the estimate is learned, and a turn that cannot afford it must not start.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicebot.language.api import LETTERS, Cancelled, ChoiceEngine, FewShot, lettered, never

VERSION = 1
"""Raised with every change of the wording below: measured numbers belong to one version."""
MAX_PASSAGES = 3
MAX_TITLE_CHARACTERS = 40
LEAST_PROBABILITY = 0.5
NONE = "以上都不能回答"

_SYSTEM = (
    "你在服务器厂商的客服热线分拣资料。看来电者的问题，选出能直接回答它的一条资料；"
    "几条都答不了，就选最后一项。只回答一个字母。"
)
_EXAMPLES: tuple[tuple[str, tuple[str, ...], int], ...] = (
    (
        "开机就滴滴叫，进不了系统",
        ("保修期有多长", "内存报警怎么处理", "开机有蜂鸣声怎么办"),
        2,
    ),
    ("你们周末有人上门吗", ("上门服务的时间", "备件多久能到"), 0),
    ("今天股票涨了没有", ("怎么查序列号", "网卡不亮灯", "阵列卡报警"), 3),
    ("管理口的密码忘了", ("怎么登录管理口", "管理口密码怎么重置", "系统密码怎么改"), 1),
    ("换一块主板要多少钱", ("主板怎么拆", "主板故障怎么判断", "备件多久能到"), 3),
    ("这台机器能不能装显卡", ("内存最大支持多少", "硬盘支持热插拔吗"), 2),
)


@dataclass(frozen=True)
class Pick:
    """`index` of the passage that answers, or None; `probability` of the model's choice."""

    index: int | None
    probability: float
    elapsed_ms: float


class Picker:
    """Asks a choice engine which passage answers."""

    def __init__(self, engine: ChoiceEngine) -> None:
        self._engine = engine
        self._head = FewShot(
            _SYSTEM,
            tuple(
                (lettered(_question(asked), [*titles, NONE]), LETTERS[answer])
                for asked, titles, answer in _EXAMPLES
            ),
        )

    def warm(self) -> None:
        """Read the few-shot head once. Takes seconds on a CPU."""
        self._engine.warm(self._head)

    def pick(
        self,
        question: str,
        titles: Sequence[str],
        deadline_ms: float | None = None,
        cancelled: Cancelled = never,
    ) -> Pick:
        """Choose among the first three `titles` (of FAQs, or first sentences of passages).

        Raises what `ChoiceEngine.choose` raises.
        """
        options = [title[:MAX_TITLE_CHARACTERS] for title in titles[:MAX_PASSAGES]]
        if not options:
            return Pick(None, 1.0, 0.0)
        choice = self._engine.choose(
            self._head, _question(question), [*options, NONE], deadline_ms, cancelled
        )
        sure = choice.index < len(options) and choice.probability >= LEAST_PROBABILITY
        return Pick(choice.index if sure else None, choice.probability, choice.elapsed_ms)


def _question(asked: str) -> str:
    return f"来电者问：{asked}\n哪一条资料能回答？"
