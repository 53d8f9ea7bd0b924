"""Does the caller ask for a person? In any wording, misheard ones included.

A wish names somebody to be brought (转人工, 让你们经理接电话), refuses the machine
(不想跟机器人说话), or is a bare word (人工). One that is denied or put off is none: 先别转人工,
转人工就不用了, 等会儿再转. Neither are other uses of the words: 人工费, 工程师多久上门, 转接卡.
"""

from __future__ import annotations

import re

from voicebot.dialog import phrases
from voicebot.dialog.denial import denied
from voicebot.dialog.phonetic import find, units
from voicebot.dialog.textforms import clauses

# 人工 as a word for something else than a person at a desk.
_HUMAN_DESK = (
    r"人工(?!智能|费|成本|切换|干预|调节|调整|巡检|检查|重启|配置|操作|输入|选择|呼吸|还是)"
)
_ROLE = (
    r"真人|活人|客服|坐席|座席|工程师|技术员|技术人员|技术支持|技术部?|师傅|主管|经理|领导|负责人|"
    r"售后|销售|专家|(?:懂行|懂技术|懂)的人?|老板"
)
_SOMEBODY = rf"(?:{_HUMAN_DESK}|{_ROLE})"
_YOUR = r"(?:一下儿?|下|到|给|个|一个|位|一位|你们那?边?的?|您们?的?|那?边?的?|我|来|通|过)*"
_COMES = r"(?:来|接|听|处理|解决|跟我|和我|给我|帮我?看)"
_DO_IT_ELSEWHERE = r"(?!.{0,6}(?:去|帮忙|抬|搬|插|装|看一?下?$|看看))"
_WISHES = tuple(
    re.compile(pattern)
    for pattern in (
        # somebody is to be brought: 转人工, 找你们经理, 接一位工程师
        rf"(?:转|接|传|换|找|叫|喊)(?:接|给|到|去)?{_YOUR}{_SOMEBODY}(?!收费|多少|几点|要钱|要日志)",
        rf"(?:要|想要?|需要|申请|要求|请求){_YOUR}(?:{_HUMAN_DESK}|真人|活人|客服)"
        r"(?:客服|服务|坐席|帮助|帮忙|处理|接听|来)*(?:吧|啊|呀|谢谢|可以吗|行吗)*$",
        # somebody is to come to the telephone: 让工程师来跟我说, 把你们负责人叫来
        rf"(?:让|请|叫|由|派){_YOUR}(?:{_SOMEBODY}|人){_COMES}",
        rf"把{_YOUR}{_SOMEBODY}(?:叫|喊|找|请)",
        rf"{_HUMAN_DESK}(?:来)?(?:处理|接听|解答|帮)(?:一下|吧|我)",
        r"(?:换|找|叫|喊)(?:个|一个|你们的?)*人(?:来|跟我|和我|接|听|说|讲|聊)" + _DO_IT_ELSEWHERE,
        r"(?:(?<!我)|给我|帮我)(?:换|找|叫|喊)(?:个|一个)?人(?:来)?(?:吧|啊|呀)*$",
        r"我要(?:找|换)个?人(?:吧|啊)*$",
        r"转(?:接)?(?:给|到)?(?:别人|其他人|别的人|另一个人)",
        r"(?:要|得|想要)人(?:来)?(?:接|听|跟我|和我)",
        # one wishes to speak with somebody: 跟工程师沟通, 我要跟人讲
        rf"(?:跟|和|与|同)(?:你们的?|您们?的?|一个|一位|个)*(?:{_SOMEBODY}|人)"
        r"(?:直接)?(?:说|讲|聊|谈|沟通|通话|对话|交流)",
        # is there one: 有没有活人, 怎么接人工, 人工按几
        rf"(?:有没有|有|找到|能找)(?:{_HUMAN_DESK}|真人|活人)(?:客服|服务|坐席)?(?:吗|啊|呀|没有|呢)*$",
        rf"(?:按几|哪个键|怎么|如何|怎样).{{0,4}}{_HUMAN_DESK}(?:客服|服务)?(?:啊|呀|呢)*$",
        rf"{_HUMAN_DESK}(?:客服|服务)?(?:怎么转|怎么接|怎么找|按几|按哪|在吗|在不在)",
        # rather not this machine
        r"(?:不想|不要|不愿意?|不|别|没法|懒得|拒绝)再?(?:跟|和|让|用|要)(?:你这个|你个|这个)?"
        r"(?:机器人|机器客服|智能客服|AI客服|ai客服|机器(?:说|讲|聊|谈))",
        r"不要(?:机器人|智能客服)",
        # by themselves: 转过去, 帮我转一下
        r"^(?:好的?|那|行|嗯|你|就|快点?|赶紧|直接)*(?:请|帮我|给我|麻烦)?转"
        r"(?:接过去|接一下|接|过去|一下|吧)(?:吧|一下|了|啊)*$",
        r"^(?:那|行|嗯)*(?:帮我|给我)转(?:吧|啊)*$",
        # a complaint is heard by a person
        r"(?:投诉|举报|12315|消协)(?!.{0,4}(?:电话|怎么|多少|流程|渠道|在哪|找谁))",
    )
)
_BARE = re.compile(
    r"^(?:嗯|呃|喂|那个?|你好|您好|请|麻烦|帮我|给我|我|要|想|找|换|接|转|叫)*"
    r"(?:(?:人工)+(?:服务|客服|台|坐席)?|真人(?:客服)?|活人|客服|工程师|转接)"
    r"(?:服务|一下|吧|啊|呀|呢|谢谢|可以吗|行吗|在吗)*$"
)
_ASKS_ABOUT = re.compile(
    r"怎么投诉|如何投诉|投诉(?:电话|渠道|流程)|工程师(?:多久|什么时候|几点|要日志)"
)
_AGREES_TO_TRANSFER = re.compile(
    r"^(?:好[的吧]?|那|行吧?|嗯|可以|你|就)*(?:请|帮我|给我)?转(?:接|过去|一下|接一下)?(?:吧|一下|了|啊)*$"
)
_TRANSFERS = re.compile(r"转.*(?:吧|接|过去)|(?:帮|给)我转")


def wants_human(text: str) -> bool:
    """Whether the caller asks for a person."""
    compact = "".join(unit.text for unit in units(text))
    if _ASKS_ABOUT.search(compact):
        return False
    if _BARE.match(compact):
        return True
    for clause in clauses(text):
        for pattern in _WISHES:
            for match in pattern.finditer(clause):
                if not denied(clause[: match.start()], clause[match.end() :]):
                    return True
    return _by_sound(text)


def only_transfer(text: str) -> bool:
    """Whether `text` names nobody: 好，转吧 takes up an offer, 转人工 does not need one."""
    return bool(_AGREES_TO_TRANSFER.match("".join(unit.text for unit in units(text))))


def transfers(text: str) -> bool:
    """Whether `text` asks for a transfer in words that no part turns in: 转吧, 转过去, not 转了."""
    return only_transfer(text) and bool(_TRANSFERS.search(text))


def _by_sound(text: str) -> bool:
    """The usual phrases by their sound (转人公, 专人工); short ones only in so many characters."""
    heard = units(text)
    written = "".join(unit.text for unit in heard)
    for phrase in phrases.HUMAN:
        for match in find(phrase, heard):
            if not match.exact and match.end - match.start < 3:
                continue
            first = match.start
            while first > 0 and heard[first].glued:
                first -= 1
            if not denied(written[first : match.start], written[match.end :]):
                return True
    return False
