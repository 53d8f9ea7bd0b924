"""The bench's hotline set is what it says, and terms are counted fairly."""

from __future__ import annotations

import pytest

from tests.bench.hotline_lines import held_back, hotline_lines
from tests.bench.term_recall import recalled


def test_the_set_is_large_and_split_in_halves() -> None:
    lines = hotline_lines()
    texts = [line.text for line in lines]
    test = [line for line in lines if line.split == "test"]
    assert len(lines) >= 120
    assert len(set(texts)) == len(texts)
    assert abs(2 * len(test) - len(lines)) <= 2
    new = held_back(lines)
    assert 2 * sum(term in new for line in test for term in line.terms) > len(test)
    assert all(term in line.text for line in lines for term in line.terms)


@pytest.mark.parametrize(
    ("term", "heard"),
    [
        ("NF5280M6", "型号是nf 五二八零 M六的"),
        ("幺洞三六", "后面是1036"),
        ("22", "二十二端口"),
        ("192.168.1.100", "是192点168点1点一百"),
        ("RAID卡", "那个raid卡坏了"),
        ("硬盘", "硬盘坏了"),
    ],
)
def test_a_term_is_recalled_however_it_is_written(term: str, heard: str) -> None:
    assert recalled(term, heard)


@pytest.mark.parametrize(
    ("term", "heard"),
    [
        ("RAID1", "RAID10"),
        ("NF5280M6", "NF5280M5"),
        ("22", "220端口"),
        ("IP", "IPMI"),
        ("硬盘", "应盘"),
    ],
)
def test_another_term_is_not_the_term(term: str, heard: str) -> None:
    assert not recalled(term, heard)


def test_another_name_of_the_thing_counts() -> None:
    assert recalled("RAID卡", "阵列卡坏了", ("阵列卡",))
