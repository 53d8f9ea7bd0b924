"""Characters with several readings, where no dictionary word decides: what they are in this trade.

`SINGLES` is how a character is read in a word that the dictionaries do not have (写得慢, 轻轻地,
电压为, 重发, 切回). `IN_CONTEXT` is read from what stands beside the character, across words.
"""

from __future__ import annotations

import re

# character -> its readings, the usual one first
SINGLES: dict[str, str] = {
    "得": "de,dé,děi",
    "地": "de,dì",
    "为": "wéi,wèi",
    "长": "cháng,zhǎng",
    "重": "chóng,zhòng",
    "切": "qiē,qiè",
    "调": "tiáo,diào",
    "弹": "tán,dàn",
    "卷": "juàn,juǎn",
    "拧": "nǐng,níng,nìng",
    "脏": "zāng,zàng",
    "晃": "huàng,huǎng",
}

_FIGURES = "零一二两三四五六七八九十百千万几"
# in each match every group is one character, read as the syllable says
IN_CONTEXT: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?<![作成设改视变分列称])(为)(?=[您你我他她咱]|客户|大家|每[位一])"), "wei4"),
    (re.compile(rf"(?<=[{_FIGURES}])(转)(?![人接给到发出为换账存储卖])"), "zhuan4"),
    (re.compile(r"扇[^转]{0,5}(转)(?![人接给])(?:[不没](转))?"), "zhuan4"),
    (re.compile(r"(空)(?=[槽口位]|插槽|盘位|机位|端口|出[来一两了]?|的[插槽盘口])"), "kong4"),
    (re.compile(r"(量)(?=电压|电阻|电流|通断|尺寸|[一量]下|一量)"), "liang2"),
    (re.compile(r"(数)(?=灯|清|一[数下遍]|闪了)"), "shu3"),
    (re.compile(r"(调)(?=[出取阅货]|备件|配件|库存|人手)"), "diao4"),
    (re.compile(r"(?<=[听看找收拿够买查感])(得)(?=到|见)"), "de5"),
    (
        re.compile(
            r"(?<=[很太更最较么点多])(重)(?![新启装插做配刷连传试拨置打构写起命定分备保校])"
        ),
        "zhong4",
    ),
)
