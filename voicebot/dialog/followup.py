"""Rewrites what only makes sense after what was said before: 那它怎么换 -> 硬盘怎么换.

By rule, from the topic of the talk (the question that was just answered, and the parts it named).
A question that can stand alone is never touched: one with a subject of its own, or one too long to
be an ellipsis. What cannot be resolved stays as it is; the search will then say so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from voicebot.dialog.phonetic import Canonicalizer
from voicebot.dialog.topic import Topic

MAX_CHARS = 18  # of a follow-up without its filler words; longer ones stand alone
SHORT_CHARS = 6  # of a predicate after 这个, 那个
KINDS = ("part", "term", "os", "product")
_LEAD = re.compile(
    r"^(?:嗯+|呃+|哦+|噢+|啊+|诶|好的?|行|明白了?|知道了?|了解|那么|然后|还有就是|还有|就是|请问|我想问一?下?|"
    r"再问一?下?|顺便问一?下?|对了|另外|所以|不过|但是|可是|哎|[，,。.\s])+"
)
_TAIL = re.compile(r"(?:啊|呀|哦|哈|嘛|[，,。.！!？?\s])+$")
_PRONOUN = re.compile(
    r"它们?|这(?:个|种|玩意儿?|东西)(?!型号|机|服务|电话|软|系统|问题|错|界面|版本|命令)"
    r"|那(?:个|种|玩意儿?|东西)(?!型号|机|服务|电话|软|系统|问题|错|界面|版本|命令)"
)
_ONLY_OTHER = re.compile(
    r"^(?:那|要是|如果是|如果|换成|换|那个?)*(.{1,14}?)(?:的话|的)?"
    r"(?:呢|怎么样|也一样吗|也是吗|也是这样吗|也可以吗|也行吗|行吗|可以吗|行不行)+$"
)
_ATTRIBUTE = re.compile(
    r"(?:默认|初始)?(?:用户名|账号|密码|地址|IP|价格|重量|尺寸|功耗|容量|型号|版本|端口|快捷键|[和跟与]|、)+"
)
_ORDINAL = re.compile(
    r"^(?:那|要是|如果是)?(?:第([一二三四五六1-6])(?:种|个|步|条|款)"
    r"|(?:最后|后面?|另)(?:一|那)?(?:种|个))(?:呢|怎么.{0,4}|是什么.{0,3}|行吗|可以吗)?$"
)
_EMPTY = re.compile(
    r"那么?|要是|如果是|换成|对于|的话|也?(?:一样|是|可以|行|支持)?吗|怎么样|是多少|呢|的|这款|型号|"
    r"看错了|说错了|不对|应该|哦|用|是|也|换|我|在|上|[\s，,]"
)
_WHY = re.compile(
    r"^(?:那|这是|这|是)*(?:为什么|为啥|为何|怎么会这样|什么原因|原因是什么)"
    r"(?:呢|会这样|这样)*$"
)
_WAY = r"(?:办法|方法|法子|方式)"
_OTHER_WAY = re.compile(
    rf"^(?:那|除了这个|除此之外|除了这样)*(?:还)?有(?:没有)?(?:别的|其他的?|另外的?)?{_WAY}(?:吗|呢)*$"
    rf"|^(?:那)?(?:没有)?(?:别的|其他的?){_WAY}(?:吗|呢|了吗)?$"
)
# A predicate with nothing it is said of. Of a part: how to change it, whether it is hot-plugged.
_OF_PART = re.compile(
    r"^(?:那|要|该|应该|我|能|自己|可以|得)*(?:"
    r"怎么(?:更?换|拆|装|安装|插|拔|看|查|选|买|区分|判断|接|清理?|识别)"
    r"|(?:能|可以|支持)(?:热插拔|混用|混插|自己换|单独换|带电换)|热插拔"
    r"|多少钱一?[个块条]?|在哪(?:里|儿)?(?:买|看|装|找)?"
    r"|有几[个块条种颗]|最多(?:几|多少)[个块条]?|坏了怎么办|坏了怎么换"
    r"|型号是(?:什么|多少)|是什么(?:型号|样子|意思)?|长什么样|什么型号|多大(?:容量)?"
    r"|支持(?:多少|几)[个块条颗]?)(?:的|呢|吗|么|啊)*$"
)
# Of the whole matter: how long, how much, whether the machine must be shut down.
_OF_MATTER = re.compile(
    r"^(?:那|大概|大约|一般|要|需要|得|会|我|是|能|可以)*(?:"
    r"(?:要|需要|得|等)?(?:多久|多长时间|几天|几个小时|多少分钟|几分钟)"
    r"(?:能|可以|才|会)*(?:到|好|修好|寄到|完|完成|生效|来)?"
    r"|(?:要|需要|得)?(?:关机|停机|停业务|断电|重启|备份)"
    r"|(?:要|需要)?(?:多少钱|收费|付费|花钱|要钱|免费)"
    r"|(?:影响|丢|会丢)(?:数据|业务|保修)|从(?:哪天|什么时候|哪里)(?:开始)?(?:算起|算)?"
    r"|怎么(?:算|收费|办|弄|操作|做|设置|设|配置|配|申请|联系|查|买|开|寄|办理|下载|恢复|改|进去|进)"
    r"|找谁|去哪(?:里|儿)?(?:办|弄|下载|买)?|在哪(?:里|儿)?(?:设置|设|配置|弄|办|下载|改)"
    r"|怎么(?!投诉|送修|报修|退货|换货|保修|延保|选型)[\u4e00-\u9fff]{2}"
    r"|具体(?:步骤|怎么做)(?:是什么)?|步骤是什么|需要(?:准备)?什么|要准备什么|要带什么"
    r"|安全吗|有风险|有什么风险)(?:的|呢|吗|么|啊|了)*$"
)
_ASKING = re.compile(
    r"怎么(?:样|办|回事|处理|弄|做)?|如何|什么时候|多长时间|多久|多少钱|多少|几[个块条颗年天种点]|"
    r"是不是|有没有|能不能|可不可以|要不要|在哪里?|哪里|哪[个些款]|是什么(?:意思)?|什么|为什么|为啥|"
    r"请问|吗|呢|么|应该|需要|要|可以|[？?]"
)
_OPTIONS = re.compile(r"、|，|,|；|;|。|还有|或者?|以及|和")
_NUMBER = (
    {c: n for n, c in enumerate("一二三四五六", 1)} | {str(n): n for n in range(1, 7)} | {"两": 2}
)


@dataclass(frozen=True)
class Rewritten:
    """`query` is what is searched, `how` the rule that made it of the caller's words; "" if they
    were left as they are."""

    query: str
    how: str = ""


class FollowUps:
    """Rewrites follow-ups with a pack's words."""

    def __init__(self, canonical: Canonicalizer) -> None:
        self._canonical = canonical

    def rewrite(self, text: str, topic: Topic | None) -> Rewritten:
        """`text` as a question that stands alone, if `topic` makes one of it."""
        if topic is None or not topic.question:
            return Rewritten(text)
        core = _TAIL.sub("", _LEAD.sub("", text.strip()))
        if not core or len(core) > MAX_CHARS:
            return Rewritten(text)
        for how, rule in (
            ("model", self._other_model),
            ("ordinal", self._ordinal),
            ("reason", self._reason),
            ("other way", self._other_way),
            ("other", self._other),
            ("pronoun", self._pronoun),
            ("part", self._of_part),
            ("matter", self._of_matter),
        ):
            found = rule(core, topic)
            if found and found != text:
                return Rewritten(found, how)
        return Rewritten(text)

    def on_topic(self, text: str, topic: Topic | None) -> str:
        """`text` with the thing that the talk is about put before it, for a second look where the
        words alone find nothing: 恢复默认按哪个 after a question about the BIOS. "" if it names a
        thing of its own."""
        core = _TAIL.sub("", _LEAD.sub("", text.strip()))
        if topic is None or not core or len(core) > MAX_CHARS:
            return ""
        if self.terms(core) or self._canonical.terms(core, "model"):
            return ""
        lead = topic.focus or _stem(topic.question)
        return "" if lead in core else f"{lead}{core}"

    def terms(self, text: str) -> tuple[str, ...]:
        """The lexicon terms of `text` that may be spoken of later, parts first."""
        return tuple(term for kind in KINDS for term in self._canonical.terms(text, kind))

    # --- rules ----------------------------------------------------------------------------
    def _other_model(self, core: str, topic: Topic) -> str:
        """那 8480 呢: the same question about another model."""
        models = self._canonical.terms(core, "model")
        if len(models) != 1:
            return ""
        if _EMPTY.sub("", self._canonical.rewrite(core).replace(models[0], "")):
            return ""
        known = self._canonical.terms(topic.question, "model")
        question = self._canonical.rewrite(topic.question) if known else topic.question
        for model in known:
            question = question.replace(model, models[0])
        if set(known) - set(models):  # 存储型服务器YL2260G3 names the other's kind too
            for kind in self._canonical.terms(question, "product"):
                question = question.replace(kind, "")
        return " ".join((question if known else f"{models[0]}{question}").split())

    def _ordinal(self, core: str, topic: Topic) -> str:
        match = _ORDINAL.match(core)
        if match is None:
            return ""
        options = self.options(topic.said)
        number = _NUMBER.get(match.group(1) or "", len(options))
        if len(options) < 2 or not 1 <= number <= len(options):
            return ""
        option = options[number - 1]
        return self._in_place(option, topic) or f"{option}{_stem(topic.question)}"

    def _reason(self, core: str, topic: Topic) -> str:
        return f"为什么{_stem(topic.question)}" if _WHY.match(core) else ""

    def _other_way(self, core: str, topic: Topic) -> str:
        return f"{_stem(topic.question)}还有什么办法" if _OTHER_WAY.match(core) else ""

    def _other(self, core: str, topic: Topic) -> str:
        """那内存呢: the same question about another thing of the same kind."""
        match = _ONLY_OTHER.match(core)
        if match is None:
            return ""
        subject = match.group(1)
        if _PRONOUN.fullmatch(subject):
            options = [each for each in self.options(topic.said) if each not in topic.question]
            return self._in_place(options[0], topic) if len(options) == 1 else ""
        if topic.focus and _ATTRIBUTE.fullmatch(subject):
            return f"{topic.focus}{subject}是什么"
        terms = self.terms(subject)
        if len(terms) != 1 or len(self._canonical.rewrite(subject).strip()) > len(terms[0]) + 2:
            return ""
        return self._in_place(terms[0], topic)

    def _in_place(self, term: str, topic: Topic) -> str:
        """The topic's question with `term` for what stands in its place there."""
        question = self._canonical.rewrite(topic.question)
        for kind in KINDS:
            if term in self._canonical.terms(term, kind):
                for other in self._canonical.terms(question, kind):
                    if other != term:
                        alone = re.sub(
                            rf"({re.escape(other)})\s*(?:或者?|和|、)\s*\S+", r"\1", question
                        )
                        return " ".join(alone.replace(other, term, 1).split())
        # 蓝灯 gives way to 黄灯: as long, and a word with the same head.
        alike = re.search(rf"[\u4e00-\u9fff]{{{len(term) - 1}}}{re.escape(term[-1])}", question)
        if alike is None or alike.group() == term or term[-1].isascii():
            return ""
        return question.replace(alike.group(), term, 1)

    def _pronoun(self, core: str, topic: Topic) -> str:
        match = _PRONOUN.search(core)
        if match is None or not topic.focus or not _ASKING.search(core):
            return ""
        others = _PRONOUN.sub("", core)
        if any(self._canonical.terms(others, kind) for kind in ("part", "os", "product", "model")):
            return ""
        # 那个 before a question that is whole wins time and means nothing.
        rest = core[match.end() :]
        means = match.group().startswith("它") or len(rest) <= SHORT_CHARS
        if not means or len(others) < 2:
            return ""
        rest = core[: match.start()] + topic.focus + core[match.end() :]
        return re.sub(r"^那(?!个)", "", rest)

    def _of_part(self, core: str, topic: Topic) -> str:
        if not topic.focus or self.terms(core) or not _OF_PART.match(core):
            return ""
        return topic.focus + re.sub(r"^(?:那|我|要|该|应该)+", "", core)

    def _of_matter(self, core: str, topic: Topic) -> str:
        if not _OF_MATTER.match(core) or set(self.terms(core)) - {"备份"}:
            return ""
        return _stem(topic.question) + re.sub(r"^那", "", core)

    def options(self, said: str) -> tuple[str, ...]:
        """Things of one kind that an answer lists, in order: Ctrl+A, Ctrl+H, Ctrl+R."""
        best: tuple[str, ...] = ()
        for kind in KINDS:
            found = dict.fromkeys(
                term for part in _OPTIONS.split(said) for term in self._canonical.terms(part, kind)
            )
            if len(found) > len(best):
                best = tuple(found)
        return best


def _stem(question: str) -> str:
    """What a question is about, without what makes it a question: 硬盘怎么换 -> 硬盘换."""
    return _ASKING.sub("", _TAIL.sub("", _LEAD.sub("", question))).strip(" ，,") or question
