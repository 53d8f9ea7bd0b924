"""What a caller hears for what is written: the reader's promises. Cases: reading_table.txt."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from voicebot.pack import Term
from voicebot.speech.reading import Reader, plain
from voicebot.speech.reading.identity import digest_of, source_digest

READER = Reader()


def test_a_packs_reading_wins_over_every_rule() -> None:
    reader = Reader(
        [
            Term("YL5280G3", "model", reading="Y L 五二八"),
            Term("Ctrl+A", "term", reading="康戳 A"),
            Term("RAID", "term", reading="瑞德"),
            Term("RAID10", "term", reading="瑞德十"),
            Term("固件", "term"),
        ]
    )
    assert reader.read("yl5280g3按Ctrl+A做RAID5") == "Y L 五二八按康戳 A 做瑞德五"
    assert reader.read("RAID10、RAID 50和RAID") == "瑞德十、瑞德五零和瑞德"
    assert reader.read("固件") == "固件"
    assert reader.fingerprint != READER.fingerprint


@pytest.mark.parametrize(
    ("term", "reading", "written", "spoken"),
    [
        ("G3", "第三代", "YL5280G3", "Y L 五二八零 G 三"),
        ("DDR4", "内存四代", "DDR4-3200", "D D R 四，三二零零"),
        ("LED", "灯", "LED1", "灯一"),
        ("RAM", "内存", "RAM9A", "R A M 九 A"),
    ],
)
def test_a_term_is_not_found_inside_a_longer_code(
    term: str, reading: str, written: str, spoken: str
) -> None:
    assert Reader([Term(term, "model", reading=reading)]).read(written) == spoken


def test_explain_names_the_rule_behind_each_reading() -> None:
    steps = {(s.written, s.rule): s.spoken for s in READER.explain("RAID5有2块，IP是10.0.0.1")}
    assert steps[("RAID5", "raid")] == "锐德五"
    assert steps[("2块", "measured")] == "两块"
    assert steps[("10.0.0.1", "ip")] == "幺零点零点零点幺"


def test_spans_lie_in_the_text_and_never_overlap() -> None:
    written = plain("工单号是20261122001，请按Ctrl+Alt+Del，IP是10.0.0.1/24，PCIe 4.0 x16。")
    spans = READER.spans(written)
    assert all(s.context <= s.start < s.end <= len(written) for s in spans)
    assert all(a.end <= b.start for a, b in pairwise(spans))
    ticket = next(s for s in spans if written[s.start : s.end] == "20261122001")
    assert written[ticket.context : ticket.start] == "工单号是"


@pytest.mark.parametrize(
    ("written", "spelled"),
    [
        ("见https://www.example.com/", "见三 W 点 E X A M P L E 点 C O M"),
        ("support@a-b.cn", "S U P P O R T 艾特 A 杠 B 点 C N"),
        ("http://10.0.0.1:8080/ui", "幺零点零点零点幺冒号八零八零斜杠 U I"),
        ("https://example.com/" + "x" * 60, "网址链接"),
    ],
)
def test_links_are_spelled_where_that_is_set(written: str, spelled: str) -> None:
    assert Reader(links="spell").read(written) == spelled
    assert "链接" in READER.read(written) or "邮箱地址" in READER.read(written)
    assert Reader(links="spell").fingerprint != READER.fingerprint


def test_a_link_is_not_swallowed_with_what_follows_it() -> None:
    assert READER.read("打开https://a.cn/x，再登录") == "打开网址链接，再登录"
    assert READER.read("（https://a.cn/x）登录") == "网址链接，登录"
    assert READER.read("发到a.b@c.com吧") == "发到邮箱地址吧"


def test_a_change_of_any_reading_module_changes_the_fingerprint(tmp_path: Path) -> None:
    modules = [tmp_path / "codes.py", tmp_path / "plain.py"]
    for module in modules:
        module.write_text("A = 1\n")
    before = digest_of(modules)
    assert digest_of(modules[::-1]) == before
    modules[1].write_text("A = 2\n")
    assert digest_of(modules) != before
    assert source_digest() == source_digest() != digest_of([])


def test_plain_keeps_the_words_and_cuts_what_is_too_long() -> None:
    assert plain("# 标题\n正文第一行\n第二行") == "标题。正文第一行。第二行"
    assert len(plain("长" * 100_000)) == 2000
    assert len(plain("\ufdfa" * 2000)) <= 2000  # one character that stands for eighteen
