"""What must never reach the disk, and what must."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicebot.records.masking import mask, mask_data, mask_number
from voicebot.records.names import caller_name

HIDDEN = [
    # mobile numbers
    ("我手机是13800138000", "我手机是138******00"),
    ("13912345678", "139******78"),
    ("打19912345678这个", "打199******78这个"),
    ("138 0013 8000", "138 **** **00"),
    ("138-0013-8000", "138-****-**00"),
    ("138，0013，8000", "138，****，**00"),
    ("1 3 8 0 0 1 3 8 0 0 0", "1 3 8 * * * * * * 0 0"),
    ("+8613800138000", "+861********00"),
    ("138，00，13，80，00", "138，**，**，**，00"),
    ("幺三八 零零 幺三 八零 零零", "幺三八 ** ** ** 零零"),
    ("086 13800138000 吗", "086 138******00 吗"),
    ("电话１３８００１３８０００", "电话１３８******００"),
    ("微信号wx13800138000x", "微信号wx138******00x"),
    ("tel13800138000", "tel138******00"),
    ("我们两个人，13800138000和13912345678", "我们两个人，138******00和139******78"),
    ("RAID5的，13800138000", "RAID5的，138******00"),
    ("回我13800138000", "回我138******00"),
    # spoken
    ("幺三八零零幺三八零零零", "幺三八******零零"),
    ("一三九一二三四五六七八", "一三九******七八"),
    ("幺三八 零零幺三 八零零零", "幺三八 **** **零零"),
    ("幺三八，零零幺三，八零零零", "幺三八，****，**零零"),
    ("我电话幺八六洞洞幺两三四五六", "我电话幺八六******五六"),
    ("手机幺三拐洞洞勾八三四五六", "手机幺三拐******五六"),
    ("号码是一三八零零一三八零零", "号码是一三八*****零零"),
    ("138零零一三八000", "138******00"),
    ("六二三四五六七八", "六二三***七八"),
    # landlines
    ("座机010-62345678", "座机010-******78"),
    ("0531-85106229", "053*-******29"),
    ("(010)62345678", "(010)******78"),
    ("02162345678", "021******78"),
    ("电话是62345678", "电话是623***78"),
    ("电话6234567", "电话623**67"),
    ("零幺零六二三四五六七八", "零幺零******七八"),
    # identity and bank cards
    ("身份证110101199003071234", "身份证110*************34"),
    ("11010119900307123X", "110*************3X"),
    ("110101 19900307 1234", "110*** ******** **34"),
    ("一一零一零一一九九零零三零七一二三四", "一一零*************三四"),
    ("卡号6222021234567890123", "卡号622**************23"),
    ("6222 0212 3456 7890", "622* **** **** **90"),
    ("4111111111111111", "411***********11"),
    # e-mail
    ("邮箱zhangwei@corp.example.com", "邮箱zha***@corp.example.com"),
    ("zw@163.com", "z***@163.com"),
    ("zhang.wei艾特163点com", "zha***艾特163点com"),
    ("a1b2c3d4 @ qq.com", "a1b*** @ qq.com"),
    # names
    ("我叫张伟", "我叫张*"),
    ("你好我叫王小明，我想问一下", "你好我叫王**，我想问一下"),
    ("我叫李娜想问保修", "我叫李*想问保修"),
    ("我的名字叫欧阳锋", "我的名字叫欧阳*"),
    ("我姓王", "我姓*"),
    ("免贵姓赵", "免贵姓*"),
    ("我姓诸葛", "我姓**"),
    ("我姓陈叫陈静", "我姓*叫**"),
    ("联系人是刘洋", "联系人是刘*"),
    ("收件人：周杰", "收件人：周*"),
    ("本人吴芳，电话13800138000", "本人吴*，电话138******00"),
]

KEPT = [
    "YL5280G3",
    "YL2260G3那台服务器",
    "序列号YL2305181234",
    "序列号是 210235123456789",
    "序列号是YL13800138000",
    "SN号CN13912345678901",
    "序列号是Y L二三零五一八一二三四",
    "Y L 二三零五一八一二三四",
    "工单号WX20261122001",
    "工单WX13800138000",
    "219801A2C3D4",
    "固件版本 2.14.08",
    "型号五二八零G三",
    "192.168.8.100",
    "一九二点一六八点八点一百",
    "一九二一六八八一零零",
    "热线400-800-0000",
    "4008000000",
    "四零零八零零零零零零",
    "CR2032电池",
    "2026-11-22 10:30:00",
    "20261122103000",
    "二零二三零五一八",
    "一共108块，每块4000GB",
    "硬盘0、1、2、3都亮黄灯",
    "做的RAID1，两块硬盘",
    "三块硬盘做RAID5",
    "我叫不出名字来",
    "我叫工程师过来看了",
    "十五到二十台",
    "Ctrl+A进去以后",
    "0x80070057",
    "2f6c1d38-0013-4800-8a00-138001380001",
    "inst.dd=hd:OEMDRV",
    "机器很多，大概一两百台",
    "错误码 0011 0022",
    "CPU 15-16,30,56-57,62-63,70,91-92",
    "取值范围 0,4294967295",
    "2018-03-07T07:44:15.481414707-05:00",
    "速度 21624  9624 100 0.6 0.0",
]


@pytest.mark.parametrize(("said", "stored"), HIDDEN)
def test_personal_data_is_hidden(said: str, stored: str) -> None:
    assert mask(said) == stored


@pytest.mark.parametrize("said", KEPT)
def test_what_the_engineer_needs_survives(said: str) -> None:
    assert mask(said) == said


@pytest.mark.parametrize("said", [said for said, _ in HIDDEN])
def test_masking_twice_changes_nothing(said: str) -> None:
    assert mask(mask(said)) == mask(said)


@given(st.from_regex(r"1[3-9][0-9]{9}", fullmatch=True), st.sampled_from("，。是 的打"))
def test_no_mobile_number_survives_in_any_sentence(number: str, around: str) -> None:
    assert number not in mask(f"我的号码{around}{number}{around}谢谢")
    assert number not in mask(f"{around}{number}")


@given(st.text(max_size=200))
def test_any_text_can_be_masked_and_keeps_its_length_without_email(text: str) -> None:
    assert len(mask(text)) == len(text) or "***" in mask(text)


def test_long_hostile_text_is_masked_in_time() -> None:
    assert mask("1 " * 5000).startswith("1 ")
    assert mask("a" * 20000 + "@").startswith("a")
    for unit in ("路", "市路", "地址是北京市", "住中山路1号2栋", "寄到一路", "找王", "我姓"):
        assert mask(unit * 5000)


@pytest.mark.parametrize(
    ("user", "stored"),
    [
        ("13800138000", "138******00"),
        ("+8613800138000", "+86*********00"),
        ("1001", "1001"),
        ("anonymous", "anonymous"),
        ("zhangwei", "zha***ei"),
    ],
)
def test_the_calling_number_is_hidden(user: str, stored: str) -> None:
    assert mask_number(user) == stored


def test_every_text_in_an_event_is_masked() -> None:
    event = {
        "text": "我手机13800138000",
        "n_best": ["我手机13800138000", {"13800138000": 1.5}],
        "number": 13800138000,
        "at_ms": 12345,
        "ok": True,
        "none": None,
    }
    masked = mask_data(event)
    assert "13800138000" not in repr(masked)
    assert masked["at_ms"] == 12345
    assert masked["ok"] is True
    assert masked["none"] is None


@pytest.mark.parametrize(
    ("said", "name"),
    [("我叫张伟", "张*"), ("免贵姓赵", "赵*"), ("硬盘坏了", ""), ("我姓欧阳", "欧阳*")],
)
def test_a_seat_learns_the_surname_only(said: str, name: str) -> None:
    assert caller_name(said) == name
