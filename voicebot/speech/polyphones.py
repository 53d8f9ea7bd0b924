"""Characters with several readings, where no dictionary word decides: what they are in this trade.

`SINGLES` is how a character is read in a word that the dictionaries do not have (写得慢, 轻轻地,
电压为, 重发, 切回). `IN_CONTEXT` is read from what stands beside the character, across words,
unless a dictionary has the word that it is in.
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
# A match is a character with what decides it; every group is one character, read as the syllable
# says. It counts unless a dictionary word with that character reaches beyond the match (空调 of
# 空调出风口, 以为 of 以为您) and is not merely longer (为您服务). A rule that is not sure of itself
# has no place here.
IN_CONTEXT: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"(?<![作成设改视变分列称换更写名])(为)(?:[您你我他她咱]|客户|大家|每[位一])"),
        "wei4",
    ),
    (
        re.compile(
            rf"[百千万][二三四五六七八九多]?(转)(?![人接给到发出为换账存储卖售成工{_FIGURES}])"
        ),
        "zhuan4",
    ),
    (re.compile(rf"每分钟[{_FIGURES}点]{{1,8}}(转)|零(转)(?=就是|说明|表示|或)"), "zhuan4"),
    (
        re.compile(
            r"风?扇叶?(?:停了又|有的|一个|一直|已经|现在|怎么|继续|[全高低满]速|"
            r"[都也还就才只又在是不没有再正能会要狂倒]){0,4}(转)(?![人接给到工售技专后线交单硬])(?:[不没](转))?"
        ),
        "zhuan4",
    ),
    (re.compile(r"(空)(?:[槽位]|口(?!令)|插槽|盘位|机位|端口|出(?![现错问口]))"), "kong4"),
    (re.compile(r"(量)(?:电压|电阻|电流|通断|尺寸|一下(?!子)|一量)"), "liang2"),
    (re.compile(r"(数)(?:灯|清楚|一[数下遍](?!子)|闪了)"), "shu3"),
    (re.compile(r"(?:^|[请您你我他能没再先])(数)清(?![零除])"), "shu3"),
    (re.compile(r"(调)(?:[出取阅货]|备件|配件|库存|人手)"), "diao4"),
    (re.compile(r"[听看找收拿够买查感](得)[到见]"), "de5"),
    (re.compile(r"[很太最挺](重)"), "zhong4"),
    (re.compile(r"(?:更|比较|有点|[这那]么)(重)(?=$|[的了吗呢啊吧得一不我您搬抬])"), "zhong4"),
    (re.compile(r"多(重)(?=$|[吗呢啊呀]|怎么)|(重)不(重)(?=$|[吗呢啊呀])"), "zhong4"),
    (re.compile(rf"(重)约?[{_FIGURES}点]{{1,8}}(?:公斤|千克|[斤克吨])"), "zhong4"),
)
