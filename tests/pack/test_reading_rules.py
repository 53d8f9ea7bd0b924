"""A pack's own reading rules: what they say, and what is refused before it can stop the bot."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.pack.conftest import Break
from voicebot.cli import app
from voicebot.pack import ReadingRule
from voicebot.pack_loader import read_pack
from voicebot.pack_reading import MAX_RULES, read_rules
from voicebot.pack_yaml import Problems, parse_yaml
from voicebot.settings import SERVER_PACK
from voicebot.speech.reading import Reader


def rules_of(text: str) -> tuple[tuple[ReadingRule, ...], list[str]]:
    problems = Problems()
    root = parse_yaml(text, "reading.yaml", problems)
    assert root is not None
    return read_rules(root), [str(problem) for problem in problems.found]


def one(pattern: str, reading: str = "好") -> str:
    return f"- name: x\n  pattern: '{pattern}'\n  reading: '{reading}'\n"


@pytest.mark.parametrize(
    ("pattern", "reading", "written", "spoken"),
    [
        (
            r"GD-(\d{4})-(\d{4})",
            "工单{1:digits}，{2:digits}",
            "gd-2026-0117好",
            "工单二零二六，零幺幺七好",
        ),
        (r"(?P<rack>[A-Z])(\d{1,2})柜", "{rack}区{2:number}号柜", "在B12柜", "在 B 区十二号柜"),
        (r"件号(\w{4,9})", "件号，{1:code}", "件号A1B22", "件号，A 幺 B 二二"),
        (r"@(\d{1,3}GB)", "容量{1}", "@16GB", "容量十六 G"),
        (r"YL(\d{4})G3", "云岚{1:digits}三代", "YL5280G3", "云岚五二八零三代"),
        (r"(?P<cue>机位\s?)(?P<n>[A-Z]\d{2})", "{n:code}", "机位A11", "机位 A 幺幺"),
        (r"www\.acme\.cn", "艾克米官网", "请看www.acme.cn，谢谢", "请看艾克米官网，谢谢"),
        (r"(?:https://)?a\.cn/?", "甲网", "打开https://a.cn/吧", "打开甲网吧"),
        (r"备注(\d)?完", "备注{1:number}完", "备注完", "备注完"),
    ],
)
def test_a_packs_rule_comes_before_ours(
    pattern: str, reading: str, written: str, spoken: str
) -> None:
    rules, problems = rules_of(one(pattern, reading))
    assert problems == []
    reader = Reader(rules=rules)
    assert reader.read(written) == spoken
    assert reader.explain(written)[0].rule == "pack rule x"
    assert reader.fingerprint != Reader().fingerprint


def test_a_rule_takes_of_a_link_all_or_nothing() -> None:
    reader = Reader(rules=[ReadingRule("x", r"YL(\d{4})G3", "云岚{1:digits}三代")])
    assert reader.read("见https://a.cn/YL5280G3.html") == "见网址链接"
    assert reader.read("见YL5280G3") == "见云岚五二八零三代"


def test_where_a_rule_stands_and_its_examples_are_not_heard() -> None:
    rule = ReadingRule("x", r"GD(\d{4})", "{1:digits}", (("GD1234", "幺二三四"),), 3)
    moved, other = replace(rule, line=9, examples=()), replace(rule, reading="工单{1:digits}")
    fingerprint = Reader(rules=[rule]).fingerprint
    assert Reader(rules=[moved]).fingerprint == fingerprint
    assert Reader(rules=[other]).fingerprint != fingerprint


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (r"(a+)+b", "repeats have an end"),
        (r"\d+", "write {1,20} for +"),
        (r"\d{2,}", "repeats have an end"),
        (r"(\d)\1", "repeats have an end, without \\1"),
        (r"(?:a|a){1,20}b", "at most 1000 ways"),
        (r"(?:[a-z]{1,9}){1,9}b", "at most 1000 ways"),
        (r"\d{0,40}\d{0,40}x", "at most 1000 ways"),
        (r"(GD", "a regular expression"),
        (r"(?=a)", "needs some text"),
        (r"a{0,3}", "needs some text"),
        (r"x" * 201, "at most 200 characters"),
    ],
)
def test_a_pattern_that_might_stop_the_bot_is_a_problem_with_its_line(
    pattern: str, said: str
) -> None:
    started_s = time.process_time()
    rules, problems = rules_of(one(pattern))
    assert time.process_time() - started_s < 1.0
    assert rules == () or len(pattern) > 200
    assert problems[0].startswith("reading.yaml:2: ")
    assert said in problems[0]


@pytest.mark.parametrize(
    ("reading", "said"),
    [
        ("{2}", "a group of the pattern, got {2}"),
        ("{0}", "a group of the pattern"),
        ("{name}", "a group of the pattern"),
        ("{1:loud}", "one of digits, number, code behind the colon"),
        ("RAID5", "Chinese characters"),
        ("工单<b>", "Chinese characters"),
        ("{", "Chinese characters"),
    ],
)
def test_a_reading_that_cannot_be_said_is_a_problem_with_its_line(reading: str, said: str) -> None:
    rules, problems = rules_of(one(r"(\d)x", reading))
    assert rules == ()
    assert problems[0].startswith("reading.yaml:3: ")
    assert said in problems[0]


def test_other_mistakes_have_their_line_too() -> None:
    _, problems = rules_of(
        "- name: a\n  pattern: x\n- name: b\n  pattern: y\n  reading: 好\n  way: z\n"
    )
    assert "reading.yaml:1: [0]: expected the key 'reading', got none; add it" in problems
    assert any(each.startswith("reading.yaml:6: ") and "'way'" in each for each in problems)
    _, problems = rules_of(one("a") + one("b"))
    assert "each name once" in problems[0]
    many = "".join(one(f"a{n}").replace("name: x", f"name: r{n}") for n in range(MAX_RULES + 1))
    assert f"at most {MAX_RULES} rules" in rules_of(many)[1][0]


def test_the_slowest_pattern_that_is_allowed_is_quick_enough() -> None:
    rules, problems = rules_of(one(r"[a-z0-9]{1,9}[a-z0-9]{1,10}[a-z]{1,10}!"))
    assert problems == []
    reader = Reader(rules=rules)
    started_s = time.process_time()
    reader.read("a" * 2000)
    assert time.process_time() - started_s < 5.0


def test_a_pack_without_the_file_has_no_rules(tmp_path: Path) -> None:
    pack, _ = read_pack(tmp_path)
    assert pack is not None
    assert pack.reading == ()


def test_the_demo_packs_examples_come_true() -> None:
    pack, problems = read_pack(SERVER_PACK)
    assert pack is not None
    assert problems == ()
    reader = Reader(pack.lexicon, rules=pack.reading)
    examples = [each for rule in pack.reading for each in rule.examples]
    assert len(examples) >= len(pack.reading) >= 1
    for written, spoken in examples:
        assert reader.read(written) == spoken


def test_pack_check_reads_the_examples(change: Break) -> None:
    runner = CliRunner()
    root = change("reading.yaml", "杠零幺幺七", "杠一一七")
    result = runner.invoke(app, ["pack", "check", str(root)])
    assert result.exit_code == 2
    assert "reading.yaml:3: 维修单号: expected '单号WX-2026-0117' to be read" in result.output
    assert "got '单号维修单二零二六杠零幺幺七'; correct the rule or the example" in result.output


def test_a_broken_pattern_is_found_by_pack_check(change: Break) -> None:
    root = change("reading.yaml", r"WX-(\d{4})", r"WX-(\d+)")
    result = CliRunner().invoke(app, ["pack", "check", str(root)])
    assert result.exit_code == 2
    assert (
        r"reading.yaml:4: [0].pattern: expected a pattern whose repeats have an end"
        in result.output
    )
    assert r"got 'WX-(\d+)-(\d{4})'; write {1,20} for +" in result.output
