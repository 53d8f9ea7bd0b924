"""Taking down a number or serial number: listening with patience, reading back, correcting.

Sans I/O. The session hands in what was heard, the keys that were pressed and how long it has been
silent; each answer says what to do next. By ear such a number is seldom right at once, so nothing
counts before the caller has heard it back and agreed.

```
LISTENING --好了, #, a long pause, all figures there--> CONFIRMING --对, #--> DONE
    ^------------- 不对 (the group just read), 第二组不对, * ----------|
```
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass

from asr_models.spoken_codes import SPOKEN_DIGITS
from voicebot.turns.dictated import dictated_groups, regroup
from voicebot.turns.spoken_text import bare


class Phase(enum.StrEnum):
    """Where the dictation stands."""

    LISTENING = "listening"
    CONFIRMING = "confirming"
    DONE = "done"


class Next(enum.StrEnum):
    """What the session is to do."""

    LISTEN = "listen"
    """Say nothing; more is coming."""
    READ_BACK = "read_back"
    """Read `groups` from `group` on, tell `read` of each, and ask whether it is right."""
    ASK_GROUP = "ask_group"
    """Ask for group number `group` again."""
    START_OVER = "start_over"
    """Ask for all of it again."""
    DONE = "done"
    """`value` is agreed upon."""
    NOT_FOR_US = "not_for_us"
    """No dictation: the dialog should answer it. What was taken down is kept."""


@dataclass(frozen=True)
class Step:
    """An answer. `group` counts from 0."""

    next: Next
    groups: tuple[str, ...] = ()
    group: int = 0

    @property
    def value(self) -> str:
        """The number so far."""
        return "".join(self.groups)


@dataclass(frozen=True)
class DictationRules:
    """What is being asked for.

    `length`: how many figures and letters it has, None if that varies. `end_pause_ms`: silence
    after which a number of unknown length is taken to be over.
    """

    length: int | None = None
    max_length: int = 40
    end_pause_ms: int = 2500


_OVER = re.compile(
    r"(好了|完了|没了|没有了|说完了|就这些|就这么多|就是这些|就这样|结束|完毕|后面没有了)[吧啊]?$"
)
_OVER_SOFTENED = re.compile(r"[，,。\s]*(嗯|好的?|行)?[，,。\s]*$")
_AGAIN = re.compile(r"重新(说|来|报|念)|从头|重来|全错|都不对|全不对")
_WRONG = re.compile(r"(?<!对)不对|(?<!是)不是|(?<!没)错了|有误|说错|报错|念错|改一?下")
_RIGHT = re.compile(
    r"^(嗯|啊|哦|对|是|好|行|没错|没问题|正确|可以|确认|的|了|呀|完全|就是这个|都)+$"
)
_YES = re.compile(r"嗯|对|是|好|行|没错|没问题|正确|可以|确认")
_MORE = re.compile(r"还有|后面|再加|没说完|没念完|没完")
_ORDINAL = re.compile(
    r"(倒数)?第?(最后|[一二两三四五六七八九十\d]+)一?[组段](数字)?(的?(是|应该是|改成))?"
)


class Dictation:
    """One number being taken down."""

    def __init__(self, rules: DictationRules | None = None) -> None:
        self._rules = rules or DictationRules()
        self._groups: list[str] = []
        self._phase = Phase.LISTENING
        self._typing = False
        self._wanted: int | None = None  # the group that is being said again
        self._read = 0  # groups read back so far in this round

    @property
    def phase(self) -> Phase:
        """Where it stands."""
        return self._phase

    @property
    def value(self) -> str:
        """All figures and letters taken down so far, upper case."""
        return "".join(self._groups)

    def read(self, group: int) -> None:
        """Group number `group` has been read to the caller: 不对 now means that one."""
        self._read = group + 1

    # --- what comes in ------------------------------------------------------------------------
    def heard(self, text: str) -> Step:
        """Take in a finished caller turn. Once agreed upon, only a correction opens it again."""
        self._typing = False
        if _AGAIN.search(bare(text)):
            return self._start_over()
        ordinal = _ORDINAL.search(text)
        if ordinal and self._groups:
            return self._correct(self._number_of(ordinal), text[ordinal.end() :])
        wrong = _WRONG.search(text)
        if wrong and self._groups:
            return self._correct(self._last_read(), text[wrong.end() :])
        if self._phase is Phase.DONE:
            return self._step(Next.NOT_FOR_US)
        if self._phase is Phase.CONFIRMING:
            return self._answer(text)
        return self._take_down(text)

    def key(self, digit: str) -> Step:
        """Take in a DTMF key: # ends or agrees, * takes the last group back, the rest is typed.

        Who begins to type while the number is read back types all of it anew.
        """
        if self._phase is Phase.DONE:
            return self._step(Next.NOT_FOR_US)
        if digit == "#":
            return self._done() if self._phase is Phase.CONFIRMING else self._finish()
        if digit == "*":
            return self._correct(self._last_read(), "") if self._groups else self._step(Next.LISTEN)
        if not (digit.isascii() and digit.isdigit()):
            return self._step(Next.LISTEN)
        if self._phase is Phase.CONFIRMING:
            self._listen()
            self._groups.clear()
        if not self._typing:
            self._typing = True
            return self._add((digit,))
        last = len(self._groups) - 1 if self._wanted is None else self._wanted
        self._groups[last] += digit
        return self._after_adding()

    def paused(self, silence_ms: int) -> Step:
        """Nothing has come for `silence_ms`, neither words nor keys."""
        waited = silence_ms >= self._rules.end_pause_ms
        if waited and self._groups and self._phase is Phase.LISTENING:
            return self._finish()
        return self._step(Next.LISTEN)

    # --- listening ----------------------------------------------------------------------------
    def _take_down(self, text: str) -> Step:
        said = _OVER_SOFTENED.sub("", text)
        over = _OVER.search(bare(said))
        if over:
            at = said.rfind(over[1])
            groups = dictated_groups(said[:at])
        else:
            groups = dictated_groups(text)
        if not groups and not (over and self._groups):
            return self._step(Next.NOT_FOR_US)
        step = self._add(groups) if groups else self._step(Next.LISTEN)
        return self._finish() if over and self._phase is Phase.LISTENING else step

    def _add(self, groups: tuple[str, ...]) -> Step:
        if self._wanted is None:
            self._groups += groups
        else:
            self._groups[self._wanted] = "".join(groups)
        return self._after_adding()

    def _after_adding(self) -> Step:
        self._clip()
        if self._wanted is not None and not self._typing:
            return self._finish()
        if self._rules.length is not None and len(self.value) >= self._rules.length:
            return self._finish()
        full = len(self.value) >= self._rules.max_length
        return self._finish() if full else self._step(Next.LISTEN)

    def _clip(self) -> None:
        """Nobody dictates more than `max_length`: what is beyond is noise."""
        over = len(self.value) - self._rules.max_length
        while over > 0:
            last = self._groups.pop()
            if len(last) > over:
                self._groups.append(last[:-over])
            over -= len(last)

    def _finish(self) -> Step:
        """All of it is there: read it back, after a correction from the corrected group on."""
        if not self._groups:
            return self._step(Next.LISTEN)
        self._typing = False
        start, self._wanted = self._wanted or 0, None
        if start == 0 and not all(2 <= len(group) <= 5 for group in self._groups):
            self._groups = list(regroup(self.value))
        self._phase = Phase.CONFIRMING
        self._read = start
        return self._step(Next.READ_BACK, start)

    # --- confirming ---------------------------------------------------------------------------
    def _answer(self, text: str) -> Step:
        if _RIGHT.match(bare(text)) and _YES.search(text):
            return self._done()
        groups = dictated_groups(text)
        said = "".join(groups)
        if not groups:
            return self._step(Next.NOT_FOR_US)
        if said in self.value and not _MORE.search(text):
            return self._step(Next.LISTEN)  # repeated along with the bot
        last = self._last_read()
        if len(said) == len(self._groups[last]) and not _MORE.search(text):
            self._wanted = last
        else:
            self._listen()
        return self._finish_with(groups)

    def _finish_with(self, groups: tuple[str, ...]) -> Step:
        step = self._add(groups)
        return step if step.next is Next.READ_BACK else self._finish()

    def _correct(self, group: int, rest: str) -> Step:
        """Group `group` was wrong; `rest` may hold it as it should be."""
        self._phase = Phase.LISTENING
        self._typing = False
        self._wanted = group
        groups = dictated_groups(_WRONG.sub(" ", rest))
        return self._add(groups) if groups else self._step(Next.ASK_GROUP, group)

    def _last_read(self) -> int:
        """The group that the caller means by 不对: the newest one read, or said."""
        last = len(self._groups) - 1
        if self._wanted is not None:
            return self._wanted
        if self._phase is Phase.CONFIRMING and self._read:
            return min(self._read - 1, last)
        return last

    def _number_of(self, ordinal: re.Match[str]) -> int:
        last = len(self._groups) - 1
        if ordinal[2] == "最后":
            return last
        digits = "".join(SPOKEN_DIGITS.get(char, char) for char in ordinal[2].replace("十", "10"))
        number = max(int(digits), 1)
        return max(last + 1 - number, 0) if ordinal[1] else min(number - 1, last)

    def _start_over(self) -> Step:
        self._groups.clear()
        self._listen()
        return self._step(Next.START_OVER)

    def _listen(self) -> None:
        self._phase = Phase.LISTENING
        self._wanted = None
        self._read = 0

    def _done(self) -> Step:
        self._phase = Phase.DONE
        return self._step(Next.DONE)

    def _step(self, what: Next, group: int = 0) -> Step:
        return Step(what, tuple(self._groups), group)
