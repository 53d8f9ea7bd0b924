"""Runs held against each other, and what is written of them."""

from __future__ import annotations

import html.parser
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.replay.conftest import Play
from voicebot.dialog.events import Citation, Say, SayKind
from voicebot.replay.diff import compare
from voicebot.replay.junit import write_junit
from voicebot.replay.report import write_report
from voicebot.replay.results import Run
from voicebot.replay.summary import figures

CALLS: list[dict[str, Any]] = [
    {"name": f"第{n}通", "kind": "问", "turns": ["看不到硬盘 => has:好的", "没做阵列 => has:阵列"]}
    for n in range(3)
]


def regressions(before: Run, after: Run) -> str:
    return "\n".join(compare(before, after).regressions)


def test_a_run_is_no_worse_than_itself(play: Play) -> None:
    run = play(CALLS)
    diff = compare(run, run)
    assert not diff.changes
    assert not diff.regressions


def test_a_slowed_build_is_caught(play: Play) -> None:
    fixed = {"endpoint": "fixed"}
    before = play(CALLS, "before", turns=fixed)
    after = play(CALLS, "after", turns={**fixed, "endpoint_ms": 1400})
    assert "response latency: the median of 6 turns came" in regressions(before, after)
    assert not compare(after, before).regressions


def test_a_deafened_build_is_caught(play: Play) -> None:
    before = play(CALLS, "before", turns={"endpoint": "fixed"})
    after = play(CALLS, "after", turns={"endpoint": "fixed", "onset_ms": 900})
    told = regressions(before, after)
    assert "missed turns: 0 -> " in told
    assert "character error rate: 0.0% -> 100.0%" in told
    assert "第0通, turn 2: has:阵列" in told


def test_calls_that_are_no_longer_there_are_told(play: Play) -> None:
    run = play(CALLS)
    assert "第2通: not played any more" in regressions(run, replace(run, calls=run.calls[:2]))


def test_better_and_changed_are_no_regressions(play: Play) -> None:
    worse = play(CALLS, "worse", replies={"看不到硬盘": (Say("不知道", SayKind.ANSWER),)})
    better = play(CALLS, "better")
    diff = compare(worse, better)
    assert not diff.regressions
    assert {change.verdict for change in diff.changes} == {"better", "changed"}


def test_what_was_invented_or_said_twice_is_found(play: Play) -> None:
    quote = Citation("faq.1", "保修表", "整机保修三年。")
    replies = {
        "保修几年": (Say("整机保修五年。", SayKind.ANSWER, citations=(quote,)),),
        "真的吗": (Say("整机保修三年，请您放心。", SayKind.ANSWER, citations=(quote,)),),
        "还有呢": (Say("整机保修三年，请您放心。", SayKind.ANSWER, citations=(quote,)),),
    }
    run = play(
        [{"name": "a", "turns": list(replies), "must": ["三年"], "never": ["五年"]}],
        replies=replies,
    )
    failed = {check.what: check.found for check in run.calls[0].checks if not check.ok}
    assert "5年" in failed["nothing invented"] or "五年" in failed["nothing invented"]
    assert "整机保修三年" in failed["nothing said twice"]
    assert "never:五年" in failed
    assert "must:三年" not in failed


def test_few_events_are_no_rate(play: Play) -> None:
    told = {figure.name: str(figure) for figure in figures(play(CALLS))}
    assert told["response latency p95"] == "– (n = 6)"
    assert told["character error rate"] == "0.0 %"
    assert told["calls in which all held"] == "3"


class _Page(html.parser.HTMLParser):
    """Collects text, and everything that would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.text = ""
        self.fetched: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href") and value]

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_needs_nothing_beside_it(play: Play, tmp_path: Path) -> None:
    before = play(CALLS, "before", turns={"endpoint": "fixed"})
    run = play(CALLS, "after", turns={"endpoint": "fixed", "endpoint_ms": 1400})
    path = tmp_path / "pages" / "report.html"
    diff = compare(before, run)
    write_report(run, path, baseline=before, diff=diff, tapes=tmp_path / "after" / "calls")
    page = _Page()
    page.feed(path.read_text("utf-8"))
    assert all(each.startswith(("#", "data:audio/wav;base64,")) for each in page.fetched)
    assert sum(each.startswith("data:") for each in page.fetched) == 3
    assert "script" not in page.tags
    for text in ("第1通", "看不到硬盘", "response latency: the median", "quick asr"):
        assert text in page.text


def test_what_callers_say_is_no_markup(play: Play, tmp_path: Path) -> None:
    run = play([{"name": "a", "turns": ["<img src=x onerror=alert(1)>"]}])
    write_report(run, tmp_path / "report.html")
    assert "<img" not in (tmp_path / "report.html").read_text("utf-8")


def test_junit_tells_failures_errors_and_regressions(play: Play, tmp_path: Path) -> None:
    run = play([*CALLS, {"name": "坏", "turns": ["没做阵列 => has:\x07别的"]}])
    broken = replace(run.calls[0], error="the bot failed: \x00")
    path = tmp_path / "junit.xml"
    write_junit(replace(run, calls=(broken, *run.calls[1:])), path, ("slower",))
    root = ET.parse(path).getroot()  # noqa: S314  our own file
    suites = {suite.get("name"): suite for suite in root}
    assert suites["问"].get("errors") == "1"
    assert suites["calls"].get("failures") == "1"
    failure = suites["calls"].find("testcase/failure")
    assert failure is not None and "has:" in (failure.get("message") or "")
    assert suites["baseline"].get("failures") == "1"


@pytest.mark.parametrize("name", ["before", "after"])
def test_runs_are_read_as_they_were_written(play: Play, tmp_path: Path, name: str) -> None:
    from voicebot.replay.results import read_run, to_json

    run = play(CALLS, name)
    assert to_json(read_run(tmp_path / name)) == to_json(run)
