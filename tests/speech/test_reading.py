"""What a caller hears for what is written."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voicebot.pack import Term
from voicebot.speech.reading import Reader, plain

READER = Reader()
CASES = [
    # phone numbers: one by one, in groups, 1 is yao
    ("请拨打400-860-0011", "请拨打四零零，八六零，零零幺幺"),
    ("热线4008600011", "热线四零零，八六零，零零幺幺"),
    ("400-8600-011", "四零零，八六零零，零幺幺"),
    ("手机13812345678请留意", "手机幺三八，幺二三四，五六七八请留意"),
    ("138-1234-5678", "幺三八，幺二三四，五六七八"),
    ("+8613812345678", "幺三八，幺二三四，五六七八"),
    ("010-88886666转8001", "零幺零，八八八八，六六六六转八零零幺"),
    # serial numbers, tickets, codes
    ("工单号是20261122001", "工单号是，二零二六，幺幺二二，零零幺"),
    ("序列号：YL0123456789", "序列号：Y L 零幺二三，四五六七，八九"),
    ("序列号 SN210235A1B2 已登记", "序列号，S N 二幺零二，三五 A 幺 B 二，已登记"),
    ("错误码E12", "错误码 E 幺二"),
    ("错误码0x80070005", "错误码，零 X 八零零七，零零零五"),
    ("验证码123456", "验证码，幺二三四，五六"),
    ("端口8080", "端口八零八零"),
    ("MAC是00:1A:2B:3C:4D:5E", "M A C 是零零，幺 A，二 B，三 C，四 D，五 E"),
    ("20261122001", "二零二六，幺幺二二，零零幺"),
    # models and parts
    ("型号YL5280G3", "型号 Y L 五二八零 G 三"),
    ("E5-2680 v4", "E 五杠二六八零，V 四"),
    ("9361-8i卡", "九三六一杠八 I 卡"),
    ("M.2接口", "M 点二接口"),
    ("DDR4 10GbE", "D D R 四，十 G"),
    ("CPU0靠近电源", "C P U 零靠近电源"),
    ("LED1亮", "L E D 一亮"),
    ("CR2032电池", "C R 二零三二电池"),
    # versions and addresses
    ("版本3.2.1", "版本三点二点一"),
    ("固件V2.0", "固件 V 二点零"),
    ("BIOS 4.10.2", "拜欧斯，四点一零点二"),
    ("CentOS 7.9", "森特欧艾斯七点九"),
    ("Windows Server 2019", "温豆斯瑟沃，二零一九"),
    ("192.168.1.1", "幺九二点幺六八点幺点幺"),
    ("192.168.0.10/24", "幺九二点幺六八点零点幺零，斜杠二十四"),
    ("10.0.0.5:8080", "幺零点零点零点五，端口八零八零"),
    # dates and times
    ("2026-03-05", "二零二六年三月五日"),
    ("2026/3/5 14:30", "二零二六年三月五日，十四点三十分"),
    ("2026年3月5日", "二零二六年三月五日"),
    ("3月5日", "三月五日"),
    ("2024-2026年", "二零二四到二零二六年"),
    ("9:00-18:00", "九点到十八点"),
    ("10:05", "十点零五分"),
    ("14:30:05", "十四点三十分五秒"),
    # numbers, ranges, units
    ("50%", "百分之五十"),
    ("5%-10%", "百分之五到百分之十"),
    ("99.9%", "百分之九十九点九"),
    ("10-35℃", "十到三十五摄氏度"),
    ("-40~70℃", "零下四十到七十摄氏度"),
    ("25°C", "二十五摄氏度"),
    ("16GB内存", "十六 G 内存"),
    ("8TB硬盘", "八 T 硬盘"),
    ("2.5英寸", "二点五英寸"),
    ('3.5"硬盘', "三点五英寸硬盘"),
    ("100-240V", "一百到二百四十伏"),
    ("550W电源×2", "五百五十瓦电源乘二"),
    ("3.2GHz", "三点二 G 赫兹"),
    ("2U机架", "二 U 机架"),
    ("PCIe 4.0 x16", "P C I E 四点零 X 十六"),
    ("2块硬盘", "两块硬盘"),
    ("第2块硬盘", "第二块硬盘"),
    ("12台", "十二台"),
    ("3-5天", "三到五天"),
    ("2～3次", "两到三次"),
    ("约1.5小时", "约一点五小时"),
    ("1,000元", "一千元"),
    ("10005个", "一万零五个"),
    ("7×24小时", "七乘二十四小时"),
    ("1/2", "二分之一"),
    ("3:1", "三比一"),
    ("100%", "百分之一百"),
    # RAID
    ("RAID5", "锐德五"),
    ("RAID 10", "锐德一零"),
    ("做RAID0/1/5", "做锐德零、一、五"),
    ("RAID卡", "锐德卡"),
    ("RAID1需要2块硬盘", "锐德一需要两块硬盘"),
    # keys
    ("按Ctrl+A", "按康戳加 A"),
    ("按Ctrl-H进入", "按康戳加 H 进入"),
    ("Ctrl+Alt+Delete", "康戳加奥特加删除键"),
    ("按F2", "按 F 二"),
    # English terms and letters
    ("BMC和UEFI", "B M C 和 U E F I"),
    ("NVMe SSD", "N V M E，S S D"),
    ("Red Hat或Linux", "红帽或里纳克斯"),
    ("iBMC", "I B M C"),
    ("用户名admin", "用户名阿德闵"),
    ("ABC", "A B C"),
    # what never reaches the voice
    ("**第一步**：打开[手册](http://a.com/b)", "第一步：打开手册"),
    ("- 检查电源\n- 检查线缆", "检查电源。检查线缆"),
    ("1. 先关机\n2. 再开机", "先关机。再开机"),
    ("## 指示灯\n\n`黄灯`", "指示灯。黄灯"),
    ("见 https://www.example.com/a?b=1", "见网址链接"),
    ("写信到 a.b@example.com", "写信到邮箱地址"),
    ("硬盘故障[1]，请更换[2,3]。", "硬盘故障，请更换。"),
    ("设置 > 存储 > RAID", "设置，存储，锐德"),
    ("开机/关机", "开机、关机"),
    ("| 灯 | 含义 |\n|---|---|\n| 黄 | 故障 |", "灯，含义。黄，故障"),
    ("<b>注意</b>", "注意"),
    ("😀好的😀", "好的"),
    ("ＢＭＣ１２", "B M C 一二"),
    ("你好，请问？", "你好，请问？"),
    ("", ""),
    ("！！！", ""),
    ("😀\n***\n", ""),
]


@pytest.mark.parametrize(("written", "spoken"), CASES)
def test_reads(written: str, spoken: str) -> None:
    assert READER.read(written) == spoken


@pytest.mark.parametrize("written", [written for written, _ in CASES])
def test_reading_what_was_read_changes_nothing(written: str) -> None:
    spoken = READER.read(written)
    assert READER.read(spoken) == spoken


def test_a_packs_reading_wins_over_every_rule() -> None:
    reader = Reader(
        [
            Term("YL5280G3", "model", reading="Y L 五二八"),
            Term("Ctrl+A", "term", reading="康戳 A"),
            Term("RAID", "term", reading="瑞德"),
            Term("固件", "term"),
        ]
    )
    assert reader.read("yl5280g3按Ctrl+A做RAID5") == "Y L 五二八按康戳 A 做瑞德五"
    assert reader.read("固件") == "固件"
    assert reader.fingerprint != READER.fingerprint


def test_a_term_is_not_found_inside_a_longer_code() -> None:
    assert Reader([Term("G3", "model", reading="第三代")]).read("YL5280G3") == "Y L 五二八零 G 三"


def test_explain_names_the_rule_behind_each_reading() -> None:
    steps = {(s.written, s.rule): s.spoken for s in READER.explain("RAID5有2块，IP是10.0.0.1")}
    assert steps[("RAID5", "raid")] == "锐德五"
    assert steps[("2块", "measured")] == "两块"
    assert steps[("10.0.0.1", "ip")] == "幺零点零点零点幺"


SPEAKABLE = re.compile("[\u3400-\u4dbf\u4e00-\u9fffA-Z，。！？；：、 ]*")
WRITTEN = st.text(
    alphabet=st.one_of(
        st.sampled_from("0123456789.-+/:%~*_#[]()<>|`\"' \nABCxyzGTV年月日点个块第转号是℃，。硬盘"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=120,
)


@settings(max_examples=1000, deadline=None)
@given(WRITTEN)
def test_anything_becomes_speakable_or_empty(text: str) -> None:
    spoken = READER.read(text)
    assert SPEAKABLE.fullmatch(spoken)
    assert spoken == "" or re.search("[\u3400-\u4dbf\u4e00-\u9fffA-Z]", spoken)
    assert not re.search("[A-Z]{2}", spoken)


@pytest.mark.parametrize(
    "unit", ["1", "1-", "a1", "1.", "[", "*", "- ", "1:", "第1", "x", "RAID1/"]
)
def test_hostile_text_takes_bounded_time(unit: str) -> None:
    READER.warm_up()
    started_s = time.process_time()
    READER.read(unit * 100_000)
    assert time.process_time() - started_s < 2.0


def test_plain_keeps_the_words_and_cuts_what_is_too_long() -> None:
    assert plain("# 标题\n正文第一行\n第二行") == "标题。正文第一行。第二行"
    assert len(plain("长" * 100_000)) == 2000
