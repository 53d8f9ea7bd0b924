"""What a turn of a service dialogue says: courtesy taken off, and what kind of thing is left."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace

from voicebot.knowledge.text import content

_MARKS = re.compile(r"[~～…^_*#\U0001F300-\U0001FAFF\u2600-\u27bf]+")
_LINK = re.compile(r"https?://\S+|www\.\S+")
_SYSTEM = re.compile(r"【[^】]{0,40}】|顾客通过点击|发送[:：]|商品ID|咨询订单号|请选择咨询")
_BRACKETED = re.compile(r"\[[^\]]{1,8}\]")
_TELLING = re.compile(
    r"\[(?:数字|日期|时间|地址|电话|金额)\](?=.)"
)  # anonymised, with a unit or so
_CUT = re.compile(r"[，,。；;！!？?、：:\s]+")
_END = re.compile(r"(?<=[。；;！!？?])|\s+")
_COURTESY = re.compile(
    r"^(?:(?:喂|您好|你好|亲|在吗|在的|有人吗|嗨|哈喽)+|.*(?:很高兴|为您服务|有什么.{0,3}(?:可以|问题|需要|能).{0,10}(?:帮|解决|处理|服务|效劳)|这里是.{0,12}客服|什么问题(?:要|需要)?咨询"
    r"|还有(?:其他|别的|什么)|其他.{0,4}(?:帮|问题|效劳)|请?(?:您)?(?:稍等|等一?下|耐心等待(?:下|一下)?)|马上为您|正在为您|正为您|为您查询"
    r"|帮您(?:查|看|核实)(?:询|看)?(?:一?下)?|查询(?:一?下|中)|感谢您|谢谢您?(?:的|对)|祝您|再见|拜拜|生活愉快|评价|打赏|满意|善解人意|不客气"
    r"|客气了|见谅|谅解|抱歉|对不起|不好意思|添麻烦|带来不便|请您?放心|久等|欢迎|随时联系|期待|[评打]分|好评|红心|表情栏|点击.{0,6}\+|贵姓|先被?别急|别着急|荣幸"
    r"|理解您|咨询之前的|还是(?:有)?其他的?问题|麻烦(?:您|你)?(?:了|帮|提供)|提供.{0,6}订单号|订单号.{0,6}(?:提供|多少|发)|这个(?:订单|商品)?[吗么]|是这个吗).*)$"
)
_ACK = re.compile(
    r"^(?:嗯|哦|噢|啊|好|的|行|是|对|可以|知道|明白|了解|谢谢|多谢|感谢|没有|没事|不用|没|了|吧|呢|哈|呀|呵|ok|okay|那|就|这样|麻烦|你|您|客服|"
    r"亲|收到|清楚|懂|等|一下|在|吗|先|稍|再见|拜拜|辛苦|谢|啦|没问题|有|人工|转人工|你好|您好)+$",
    re.I,
)
_OPENING = re.compile(
    r"^(?:(?:喂|亲爱的(?:客户|用户)?|亲亲|亲|小主|您好|你好|嗯+|哦+|噢|啊|额|呃|那个|那么|那|然后|就是说|就是|是这样的|这样的|请问一下|请问|想问一下|"
    r"我想问一?下|我想咨询一?下|我问一?下|问一?下|咨询一?下|麻烦问下|不好意思|抱歉|很抱歉|温馨提示|好的|您的问题|妹子这边|妹纸这边|小妹这边|这边)[，,、\s]*)+"
)
_TAIL = re.compile(
    r"(?:的?(?:呢|哦|哈|哟|呀|啊|喔|噢|啦|嘛|奥|额|呐|滴|亲|唷)|的亲|亲亲|亲爱的|\s)+$"
)
_QUESTION = re.compile(
    r"[?？]|吗|么$|呢$|怎么|如何|什么|为啥|为何|咋|哪|多少|多久|多长|几[天个点号时]|是不是|有没有|能不能|可不可以|"
    r"能否|是否|可以.{0,8}[吗不]|行不行|会不会|要不要|还是"
)
_AGREED = re.compile(r"(?:好|可以|行|对)(?:吗|么|吧|不)[?？]?\s*$")  # asks for a nod
_PROBLEM = re.compile(
    r"没有?(?:收|到|发|货|送|显|用|反应|退|给|看)|不(?:了|能|行|对|到|上|出|开|亮|通|动|好|支持|成功|显示|见)|坏|错|少|缺|破|漏|丢|慢|降价|贵|退|换|修|"
    r"失败|故障|问题|异常|取消|投诉|差价|一直|还没|报错|无法|打不开|掉|卡"
)
_WISH = re.compile(r"想|要|希望|帮我|给我|麻烦|能不能|可以.{0,12}吗|申请|需要|尽快")
_TELLS = re.compile(
    r"可以|不能|不支持|支持|无法|需要|建议|会|已经?|帮(?:您|你)|给(?:您|你)|为您|因为|由于|预计|工作日|小时|天内|时效|正常|没有|不是|联系|"
    r"申请|提交|登记|反馈|安排|退|换|补|发|安装|送|到账|查|显示|在|是|按|点击|以.{0,6}为准|更换|寄|上门"
)
_WAITS = re.compile(r"稍等|等一?下|查一?下|看一?下|核实一?下|马上|正在")
_LONG = 46


@dataclass(frozen=True)
class Utterance:
    """A piece of a turn: `turn` counts all turns; `caller` is whose it is; `role` the speaker's
    name; `text` is without courtesy and fillers."""

    turn: int
    role: str
    caller: bool
    text: str
    question: bool = False
    problem: bool = False
    wish: bool = False
    tells: bool = False

    @property
    def words(self) -> frozenset[str]:
        """What it is about."""
        return frozenset(content(self.text))


def utterances(turn: int, role: str, text: str, *, caller: bool) -> list[Utterance]:
    """The pieces of a turn that say something; none for greetings, thanks and waiting."""
    text = unicodedata.normalize("NFKC", _LINK.sub(" ", text))
    if _SYSTEM.search(text):
        return []
    found = []
    for sentence in _END.split(_MARKS.sub(" ", text)):
        kept = _plain(sentence)
        if kept:
            found.append(_judged(Utterance(turn, role, caller, kept), sentence))
    return found


def _plain(sentence: str) -> str:
    """The sentence without courteous clauses, its opening and its particles."""
    clauses = []
    for clause in _CUT.split(sentence):
        clause = _TAIL.sub("", _OPENING.sub("", clause))
        bare = _BRACKETED.sub("", _TELLING.sub("00", clause))
        if len(bare) > 1 and not _COURTESY.match(clause) and not _ACK.match(clause):
            clauses.append(clause)
    return "，".join(clauses)


def _judged(said: Utterance, sentence: str) -> Utterance:
    return replace(
        said,
        question=bool(_QUESTION.search(_AGREED.sub("", sentence))),
        problem=bool(_PROBLEM.search(said.text)),
        wish=bool(_WISH.search(said.text)),
        tells=bool(_TELLS.search(said.text)) and not _WAITS.search(said.text),
    )
