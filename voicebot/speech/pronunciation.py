"""Pinyin that the general dictionaries get wrong in this trade, taught to pypinyin and jieba.

Both keep their dictionaries per process; this adds words to them, once. jieba would otherwise
write its prefix dictionary into the temp folder and report on stderr.
"""

from __future__ import annotations

import logging
import re
import threading

# word -> pinyin with tone numbers, one syllable a character
PHRASES: dict[str, str] = {
    "长按": "chang2 an4",
    "长时间": "chang2 shi2 jian1",
    "长响": "chang2 xiang3",
    "长亮": "chang2 liang4",
    "一长两短": "yi4 chang2 liang3 duan3",
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
    "处理器": "chu3 li3 qi4",
    "量一下": "liang2 yi2 xia4",
    "卡槽": "ka3 cao2",
    "转人工": "zhuan3 ren2 gong1",
    "还没": "hai2 mei2",
    "锐德": "rui4 de2",
    "拜欧斯": "bai4 ou1 si1",
    "答应": "da1 ying5",
    "应答": "ying4 da2",
    "降速": "jiang4 su4",
    "参数": "can1 shu4",
    "空槽": "kong4 cao2",
    "空位": "kong4 wei4",
    "都行": "dou1 xing2",
    "背板": "bei4 ban3",
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
        for word, syllables in PHRASES.items():
            jieba.add_word(word)
            # neutral tone is 5 here and has no mark there
            marked = [[to_tone(syllable.rstrip("5"))] for syllable in syllables.split()]
            load_phrases_dict({word: marked})
        _taught = True


def pinyin(spoken: str) -> str:
    """Numbered pinyin of text as `Reader.read` gives it; letters and stops stay as they are."""
    from pypinyin import Style, lazy_pinyin

    teach()
    syllables = []
    for run in re.findall("[\u3400-\u9fff]+|[A-Z]|[，。！？；：、]", spoken):
        if run[0] < "\u3400" or run[0] > "\u9fff":
            syllables.append(run)
        else:
            syllables += lazy_pinyin(run, style=Style.TONE3, neutral_tone_with_five=True)
    return " ".join(syllables)
