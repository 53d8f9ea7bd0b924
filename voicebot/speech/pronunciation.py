"""Pinyin that the general dictionaries get wrong in this trade, taught to pypinyin and jieba.

Both keep their dictionaries per process; this adds words to them, once. jieba would otherwise
write its prefix dictionary into the temp folder and report on stderr.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import re
import threading
from bisect import bisect_right
from itertools import accumulate
from typing import TYPE_CHECKING, Any

from voicebot.speech.polyphones import IN_CONTEXT, SINGLES

if TYPE_CHECKING:
    from pypinyin.core import Pinyin

# word -> pinyin with tone numbers, one syllable a character
PHRASES: dict[str, str] = {
    "长按": "chang2 an4",
    "长时间": "chang2 shi2 jian1",
    "长响": "chang2 xiang3",
    "长亮": "chang2 liang4",
    "重装": "chong2 zhuang1",
    "重插": "chong2 cha1",
    "重做": "chong2 zuo4",
    "重配": "chong2 pei4",
    "重刷": "chong2 shua1",
    "重连": "chong2 lian2",
    "重传": "chong2 chuan2",
    "重试": "chong2 shi4",
    "重拨": "chong2 bo1",
    "重置": "chong2 zhi4",
    "重打": "chong2 da3",
    "量一下": "liang2 yi1 xia4",
    "锐德": "rui4 de2",
    "拜欧斯": "bai4 ou1 si1",
    "答应": "da1 ying5",
    "空槽": "kong4 cao2",
    "重构": "chong2 gou4",
    "重写": "chong2 xie3",
    "重起": "chong2 qi3",
    "重命名": "chong2 ming4 ming2",
    "重定向": "chong2 ding4 xiang4",
    "重分配": "chong2 fen1 pei4",
    "重插拔": "chong2 cha1 ba2",
    "一行": "yi1 hang2",
    "两行": "liang3 hang2",
    "三行": "san1 hang2",
    "几行": "ji3 hang2",
    "每行": "mei3 hang2",
    "第一行": "di4 yi1 hang2",
    "第二行": "di4 er4 hang2",
    "第三行": "di4 san1 hang2",
    "最后一行": "zui4 hou4 yi1 hang2",
    "行号": "hang2 hao4",
    "命令行": "ming4 ling4 hang2",
    "数一下": "shu3 yi1 xia4",
    "数一数": "shu3 yi1 shu3",
    "调高": "tiao2 gao1",
    "调低": "tiao2 di1",
    "调大": "tiao2 da4",
    "调小": "tiao2 xiao3",
    "调到": "tiao2 dao4",
    "调成": "tiao2 cheng2",
    "调回": "tiao2 hui2",
    "转动": "zhuan4 dong4",
    "停转": "ting2 zhuan4",
    "转得": "zhuan4 de5",
    "风扇不转": "feng1 shan4 bu4 zhuan4",
    "风扇还在转": "feng1 shan4 hai2 zai4 zhuan4",
    "风扇在转": "feng1 shan4 zai4 zhuan4",
    "风扇转得": "feng1 shan4 zhuan4 de5",
    "为空": "wei2 kong1",
    "变为": "bian4 wei2",
    "弹不出来": "tan2 bu4 chu1 lai2",
    "切换": "qie1 huan4",
    "弹出": "tan2 chu1",
    "弹窗": "tan2 chuang1",
    "弹框": "tan2 kuang4",
    "弹片": "tan2 pian4",
    "弹不出": "tan2 bu4 chu1",
    "三相": "san1 xiang4",
    "单相": "dan1 xiang4",
    "两相": "liang3 xiang4",
    "缺相": "que1 xiang4",
    "相线": "xiang4 xian4",
    "逻辑卷": "luo2 ji2 juan4",
    "物理卷": "wu4 li3 juan4",
    "数据卷": "shu4 ju4 juan4",
    "卷组": "juan4 zu3",
    "卷标": "juan4 biao1",
    "建卷": "jian4 juan4",
    "划痕": "hua2 hen2",
    "温差": "wen1 cha1",
    "压差": "ya1 cha1",
    "扎带": "za1 dai4",
    "时长": "shi2 chang2",
    "空着": "kong4 zhe5",
    "为准": "wei2 zhun3",
    "设为": "she4 wei2",
    "设置为": "she4 zhi4 wei2",
    "修改为": "xiu1 gai3 wei2",
    "配置为": "pei4 zhi4 wei2",
    "默认为": "mo4 ren4 wei2",
    "显示为": "xian3 shi4 wei2",
    "状态为": "zhuang4 tai4 wei2",
    "密码为": "mi4 ma3 wei2",
    "地址为": "di4 zhi3 wei2",
    "型号为": "xing2 hao4 wei2",
    "版本为": "ban3 ben3 wei2",
    "升级为": "sheng1 ji2 wei2",
    "标记为": "biao1 ji4 wei2",
    "得先": "dei3 xian1",
    "得换": "dei3 huan4",
    "得等": "dei3 deng3",
    "得重启": "dei3 chong2 qi3",
    "得关机": "dei3 guan1 ji1",
    "没过": "mei2 guo4",
    "没收": "mei2 shou1",
    "没收到": "mei2 shou1 dao4",
    "还报": "hai2 bao4",
    "重开": "chong2 kai1",
    "重设": "chong2 she4",
    "转数": "zhuan4 shu4",
    "放倒": "fang4 dao3",
    "照片": "zhao4 pian4",
    "首行": "shou3 hang2",
    "末行": "mo4 hang2",
    "整行": "zheng3 hang2",
    "拉杆": "la1 gan1",
    "处在": "chu3 zai4",
    "权重": "quan2 zhong4",
    "承重": "cheng2 zhong4",
    "净重": "jing4 zhong4",
    "毛重": "mao2 zhong4",
    "重载": "zhong4 zai4",
    "重物": "zhong4 wu4",
    "接地": "jie1 di4",
    "地线": "di4 xian4",
    "地脚": "di4 jiao3",
    "异地": "yi4 di4",
    "地级市": "di4 ji2 shi4",
    "本地": "ben3 di4",
}

_lock = threading.Lock()
_taught = False


def teach() -> None:
    """Load jieba quietly and add `PHRASES` to both dictionaries. Idempotent; about 1 s once."""
    global _taught
    with _lock:
        if _taught:
            return
        import jieba
        from pypinyin import load_phrases_dict
        from pypinyin.contrib.tone_convert import to_tone

        jieba.setLogLevel(logging.ERROR)
        jieba.initialize()
        marked = {}
        for word, syllables in PHRASES.items():
            jieba.add_word(word)
            # neutral tone is 5 here and has no mark there
            marked[word] = [[to_tone(syllable.rstrip("5"))] for syllable in syllables.split()]
        load_phrases_dict(marked)  # once: each call reads the whole dictionary anew
        _taught = True


def identity() -> str:
    """Changes whenever a text would be read in another way; part of what prepared speech is
    found by."""
    contexts = [(pattern.pattern, syllable) for pattern, syllable in IN_CONTEXT]
    given = repr((sorted(PHRASES.items()), sorted(SINGLES.items()), contexts))
    return hashlib.sha256(given.encode()).hexdigest()[:12]


def syllables(run: str) -> list[list[str]]:
    """Numbered pinyin of Chinese characters (5 is neutral; no tone sandhi), word by word."""
    import jieba
    from pypinyin import Style

    teach()
    words = jieba.lcut(run)
    read: list[str] = []
    for word in words:
        # one syllable a character, or places below would not be those of the characters
        spoken = _reader().lazy_pinyin(word, style=Style.TONE3)
        read += spoken if len(spoken) == len(word) else [""] * len(word)
    ends = list(accumulate(map(len, words)))
    for pattern, syllable in IN_CONTEXT:
        for match in pattern.finditer(run):
            for group in range(1, pattern.groups + 1):
                place = match.start(group)
                if place >= 0 and not _dictionary_decides(words, ends, place, match.span()):
                    read[place] = syllable
    return [read[end - len(word) : end] for word, end in zip(words, ends, strict=True)]


@functools.cache
def _reader() -> Pinyin:
    """pypinyin with `SINGLES` where its dictionary has no word.

    Not by `load_single_dict`, which would change what sounds alike for the whole process: words
    that were misheard (调线 for 掉线) are found by pypinyin's own readings.
    """
    from pypinyin.converter import UltimateConverter
    from pypinyin.core import Pinyin

    class Readings(UltimateConverter):
        def _single_pinyin(self, han: str, *args: Any, **more: Any) -> list[list[str]]:
            if han in SINGLES:
                return [SINGLES[han].split(",")]
            return list(super()._single_pinyin(han, *args, **more))

    return Pinyin(Readings(neutral_tone_with_five=True))


def _dictionary_decides(
    words: list[str], ends: list[int], place: int, span: tuple[int, int]
) -> bool:
    """Whether the character at `place` is in a word of a dictionary that reaches beyond `span`.

    A word that begins with the whole of `span` needs a reading of its own: jieba, which has none,
    knows 为您服务.
    """
    import jieba
    from pypinyin.constants import PHRASES_DICT

    index = bisect_right(ends, place)
    word, end = words[index], ends[index]
    start = end - len(word)
    if span[0] <= start and end <= span[1]:
        return False
    if word in PHRASES_DICT:
        return True
    return start != span[0] and bool(jieba.dt.FREQ.get(word))


def pinyin(spoken: str) -> str:
    """Numbered pinyin of text as `Reader.read` gives it; letters and stops stay as they are."""
    out: list[str] = []
    for run in re.findall("[\u3400-\u9fff]+|[A-Z]|[，。！？；：、]", spoken):
        if run[0] < "\u3400" or run[0] > "\u9fff":
            out.append(run)
        else:
            out += [syllable for word in syllables(run) for syllable in word if syllable]
    return " ".join(out)
