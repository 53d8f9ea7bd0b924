"""Finding a person's name where the caller gives it: after 我叫, 我姓, 联系人是 and the like."""

from __future__ import annotations

import re

# The hundred commonest surnames and the compound ones; together they cover about nine callers
# in ten. A word that does not begin with one is taken for no name (我叫不出来).
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许邓韩冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏"
    "吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付傅方邹熊白孟秦邱侯江尹薛阎段雷龙黎史陶贺毛郝顾龚邵万"
    "覃武钱戴严莫孔汤常温康施牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁符"
    "阮舒纪梅童凌毕单季裴霍涂成苗谷盛曲翁冉蓝路游辛靳欧管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤穆司"
)
_COMPOUND = "欧阳|上官|司马|诸葛|司徒|东方|皇甫|尉迟|公孙|慕容|令狐|夏侯|端木|百里|南宫"
_HAN = r"[\u4e00-\u9fff]"
# Characters that follow a name far more often than they stand in one.
_NOT_GIVEN = "的是在我你您他她它们这那想要有和跟从来请问打了吗呢吧呀啊哦嗯就也很不公单部说"
_GIVEN = rf"(?:(?![{_NOT_GIVEN}]){_HAN})"
_LEAD = (
    r"[我他她](?:的名字|名字)?(?:就)?叫(?:做)?|名字(?:就)?[是叫](?:做)?|姓名(?:是|叫|[:：])?|本人(?:叫)?|"
    r"(?:联系人|收件人|收货人|负责人|对接人|经办人)(?:就?[是叫写填]|[:：])?"
)
_TITLE = "先生|女士|小姐|经理|老师|师傅|主任|总|工(?!程)"
# A word that follows a name of one character: 联系人陈静电话多少.
_AFTER = "电话|手机|号码|微信|地址|联系|单位|公司|机房|邮箱"
_FULL_NAME = re.compile(
    rf"(?P<lead>(?:{_LEAD})[\s，,：:]?)"
    rf"(?P<surname>{_COMPOUND}|(?!{_COMPOUND})[{_SURNAMES}])(?P<given>(?!{_TITLE})(?:{_GIVEN}(?={_AFTER})|{_GIVEN}{{1,2}}))"
)
# 找张建国就行, 你就写马超: only where the name is all that is told.
_NAMED = re.compile(
    rf"(?P<lead>(?:找|就写|写上)(?:一下)?)(?P<surname>{_COMPOUND}|(?!{_COMPOUND})[{_SURNAMES}])"
    rf"(?P<given>(?!{_TITLE}){_GIVEN}{{1,2}})"
    r"(?=就行|就可以|就好|即可|[，。,.]|联系人|收件人|他是|她是|$)"
)
_BY_TITLE = re.compile(
    rf"(?P<lead>(?:我|这边|这里)是)(?P<surname>{_COMPOUND}|[{_SURNAMES}])(?=(?:{_TITLE})(?!{_HAN}?级))"
)

_SURNAME_ONLY = re.compile(
    rf"(?P<lead>(?:免贵|我|本人|鄙人)姓[\s，,：:]?)(?!什么|啥|谁|名)(?P<surname>{_COMPOUND}|{_HAN})"
    rf"(?:(?P<join>[\s，,]?(?:单名(?:一个)?|名|叫))(?P<given>{_GIVEN}{{1,3}}))?"
)


def mask_names(text: str) -> str:
    """The text with given names as ``*`` (我叫张*), and the surname too after 我姓."""
    for pattern in (_FULL_NAME, _NAMED):
        text = pattern.sub(
            lambda match: match["lead"] + match["surname"] + "*" * len(match["given"]), text
        )
    text = _BY_TITLE.sub(lambda match: match["lead"] + "*" * len(match["surname"]), text)
    return _SURNAME_ONLY.sub(_hide_surname, text)


def caller_name(text: str) -> str:
    """The surname that the caller gave in `text`, with the given name as ``*``; else empty.

    A seat must know whom to address; it does not need more than that.
    """
    match = _FULL_NAME.search(text)
    if match:
        return match["surname"] + "*" * len(match["given"])
    match = _SURNAME_ONLY.search(text)
    return match["surname"] + "*" if match else ""


def _hide_surname(match: re.Match[str]) -> str:
    hidden = match["lead"] + "*" * len(match["surname"])
    if match["given"]:
        hidden += match["join"] + "*" * len(match["given"])
    return hidden
