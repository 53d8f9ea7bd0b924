"""The CTranslate2 engine: choices, deadlines, caps, cancels, and a clean exit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from voicebot.language.api import FewShot, Late, lettered
from voicebot.language.ct2_engine import Ct2Engine
from voicebot.weights import locate

HEAD = FewShot("回答选项的字母。", (("一加一等于几？\nA. 二\nB. 三", "A"),))

EXIT_WITHOUT_CLOSE = """
import sys
from pathlib import Path
from voicebot.language.api import FewShot
from voicebot.language.ct2_engine import Ct2Engine
engine = Ct2Engine(Path(sys.argv[1]))
print(engine.generate(FewShot("你是客服。"), "你好", 3).tokens)
"""


def test_options_are_lettered() -> None:
    assert lettered("哪个？", ["甲", "乙"]) == "哪个？\nA. 甲\nB. 乙"


@pytest.mark.llm
def test_choice_probabilities_sum_to_one(llm: Ct2Engine) -> None:
    choice = llm.choose(HEAD, "一年有几个月？", ["十二", "三", "九十"])
    assert choice.index == 0
    assert sum(choice.probabilities) == pytest.approx(1.0)
    assert choice.elapsed_ms > 0


@pytest.mark.llm
def test_a_choice_needs_two_to_eight_options(llm: Ct2Engine) -> None:
    with pytest.raises(ValueError, match="expected 2 to 8 options, got 1"):
        llm.choose(HEAD, "哪个？", ["甲"])


@pytest.mark.llm
def test_a_deadline_that_passes_raises_late_and_the_engine_goes_on(llm: Ct2Engine) -> None:
    with pytest.raises(Late, match="no choice within 1 ms"):
        llm.choose(HEAD, "一年有几个月？", ["三", "十二"], deadline_ms=1)
    assert llm.choose(HEAD, "一年有几个月？", ["三", "十二"]).index == 1


@pytest.mark.llm
def test_generation_stops_at_the_cap_and_when_cancelled(llm: Ct2Engine) -> None:
    capped = llm.generate(FewShot("你是客服。"), "请介绍服务器。", max_tokens=4)
    assert (capped.tokens, capped.finished) == (4, False)
    heard: list[str] = []
    stopped = llm.generate(
        FewShot("你是客服。"), "请介绍服务器。", 40, lambda: len(heard) > 1, on_text=heard.append
    )
    assert stopped.tokens < 6
    assert not stopped.finished


@pytest.mark.llm
def test_a_process_that_forgets_to_close_exits_cleanly(models: Path) -> None:
    folder = locate("qwen2.5-coder-1.5b", models)
    done = subprocess.run(
        [sys.executable, "-c", EXIT_WITHOUT_CLOSE, str(folder)],
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert (done.returncode, done.stdout.strip()) == (0, "3"), done.stderr
