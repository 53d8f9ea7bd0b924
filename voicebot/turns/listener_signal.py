"""What a few words said over the bot are: "I am listening", or "stop".

Counted in characters, as Mandarin has no spaces to count words by. Listener signals are a closed
class; whatever else has content is an interruption. Ears return homophones for such short sounds
(队 for 对, 恩 for 嗯), so that the commonest signals are also known by their sound.
"""

from __future__ import annotations

import enum
import re

from voicebot.turns.spoken_text import bare, sound


class Overlap(enum.StrEnum):
    """What a text said over the bot is."""

    NOTHING = "nothing"
    LISTENER = "listener"
    ANSWER = "answer"
    INTERRUPTION = "interruption"
    COMMAND = "command"

    @property
    def stops_the_bot(self) -> bool:
        """Whether the bot should fall silent for it."""
        return self in (Overlap.ANSWER, Overlap.INTERRUPTION, Overlap.COMMAND)


_SOUNDS_MADE = "[嗯恩唔呣哼呃额啊阿哦噢喔哎诶欸嘿哈呵]+"
_ASSENT = (
    "(?:对|是|好|行|成|没错|没问题|可以|明白|清楚|了解|收到|懂|知道|ok|okay|真的|这样|原来如此|"
    "就是)"
)
_SUBJECT = "(?:我|都|这个|这|那)?"
_SOFTENER = "(?:的|啊|呀|吧|嘛|呢|哈|嘞|滴|哦|吗)*"
_GO_ON = "(?:然后呢?|继续|接着说|您说|你说|请说|请讲|你讲|您讲|谢谢你?您?|[你您]好)"
_LISTENER = re.compile(
    rf"(?:{_SOUNDS_MADE}|{_SUBJECT}(?:{_ASSENT})+{_SOFTENER}|"
    rf"{_SUBJECT}(?:明白|清楚|了解|收到|懂|知道)了{_SOFTENER}|{_GO_ON})+"
)
# 好了, 行了 mean "enough", 对了 "by the way"; 知道了 assents, said again it is "enough" too.
_ENOUGH = re.compile(r"^(好|行|对|可以)了|((知道|明白|懂|清楚|了解)了[啊呀哦]?){2,}")
_LISTENER_SOUNDS = re.compile(
    r"(?:(?:en|n|m|o|a|e) )+|(?:dui )+(?:de |a |ya )?|(?:hao )+(?:de |a |ba )?|(?:hao de )+|"
    r"(?:[sc]i de )+|(?:ke yi )+(?:de |a )?|min bai (?:le )?|zi dao (?:le )?|mei cuo "
)
_HOMOPHONES_LONGEST = 6
_COMMAND = re.compile(
    r"等一?[下等会]|等等|等我|稍等|慢着|停一?下?|打住|别说|不要说|不用说|闭嘴|听我说|让我说|我先说|打断一下|"
    r"插一句|人工|真人|客服|工程师|投诉|听不清|没听清|再说一[遍次]|重复一[遍下]|太快了|慢一?点|喂"
)
_COMMAND_SOUNDS = tuple(
    sound(words)
    for words in ("转人工", "人工服务", "等一下", "停一下", "听我说", "再说一遍", "别说了")
)
# What answers a yes-or-no question that the caller has already heard.
_AFFIRMS = re.compile(r"^[嗯啊哦]*(对|是|好|行|可以|没错|ok)")
DOUBTFUL_CHARS = 3
# 对对对 becomes BuyBuyBuy, 嗯嗯嗯 敏敏敏: one sound said over and over.
_REPEATED = re.compile(r"(.{1,4}?)\1+")
SURE = 0.5
_REFUSAL = re.compile(r"^不.$|不[是对行用要]|没有|别|停|等|错")
_REFUSAL_SOUNDS = tuple(sound(words) for words in ("不是", "不对", "不行", "没有"))
_WORDS_OF_ONE = frozenset("不没停喂等别有无亮红黄绿蓝")
_STRAYS = frozenset("你我他她它这那一了的个么")


def classify_overlap(text: str, *, asked_yes_no: bool = False, confidence: float = 1.0) -> Overlap:
    """Classify what was recognized over the bot.

    Args:
        text: the recognition of the caller's speech since its onset; empty: no words in it.
        asked_yes_no: the caller has already heard a yes-or-no question of the bot's, so that
            对 is an answer to it. 嗯 stays a listener signal: it says too little.
        confidence: the recognizer's, 0..1. Ears put words to a hum (敏敏, 你好 for 嗯): a few
            characters that nobody is sure of do not stop the bot. Commands and refusals do.
    """
    said = bare(text)
    if not said:
        return Overlap.NOTHING
    if _COMMAND.search(said) or _sounds_like_a_command(said):
        return Overlap.COMMAND
    if _ENOUGH.search(said):
        return Overlap.INTERRUPTION
    if _is_listener(said):
        return Overlap.ANSWER if asked_yes_no and _AFFIRMS.search(said) else Overlap.LISTENER
    rest = _of_the_rest(said)
    little = len(said) <= DOUBTFUL_CHARS or _REPEATED.fullmatch(said)
    if rest is Overlap.INTERRUPTION and little and confidence < SURE:
        return _of_the_doubtful(said)
    return rest


def _is_listener(said: str) -> bool:
    if _LISTENER.fullmatch(said):
        return True
    if len(said) > _HOMOPHONES_LONGEST:
        return False
    heard = "".join(syllable + " " for syllable in sound(said))
    return _LISTENER_SOUNDS.fullmatch(heard) is not None


def _of_the_rest(said: str) -> Overlap:
    """Neither signal nor command: one stray character is what ears make of a breath."""
    signal = _LISTENER.match(said)
    rest = said[signal.end() :] if signal else said
    if len(rest) > 1 or rest in _WORDS_OF_ONE or (signal and rest not in _STRAYS):
        return Overlap.INTERRUPTION
    return Overlap.LISTENER if signal else Overlap.NOTHING


def _of_the_doubtful(said: str) -> Overlap:
    """Few characters that the recognizer is not sure of: a hum, unless most of it sounds right."""
    heard = sound(said)
    if _REFUSAL.search(said) or any(heard[: len(no)] == no for no in _REFUSAL_SOUNDS):
        return Overlap.INTERRUPTION
    for wanted in _COMMAND_SOUNDS:
        alike = sum(a == b for a, b in zip(heard, wanted, strict=False))
        if len(heard) == len(wanted) and alike >= len(wanted) - 1:
            return Overlap.COMMAND
    return Overlap.NOTHING


def _sounds_like_a_command(said: str) -> bool:
    heard = sound(said)
    return any(
        heard[at : at + len(wanted)] == wanted
        for wanted in _COMMAND_SOUNDS
        for at in range(len(heard) - len(wanted) + 1)
    )
