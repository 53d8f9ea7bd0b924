"""Taking down a number or serial number: listening with patience, reading back, correcting.

Sans I/O, and its whole memory is a frozen `DictationState`. What was heard, the keys that were
pressed and how long it has been silent come in; each answer says what to do next. By ear such a
number is seldom right at once, so nothing counts before the caller has heard it back and agreed.

```
LISTENING --好了, #, a long pause, all figures there--> CONFIRMING --对, #--> DONE
    ^------------- 不对 (the group just read), 第二组不对, * ----------|
```
"""

from __future__ import annotations

from voicebot.dialog import dictation_words as words
from voicebot.dialog.dictated import dictated_groups, readable, regroup
from voicebot.dialog.dictation_rules import DIGIT_FOR, DictationRules
from voicebot.dialog.dictation_state import DictationState, Groups, Next, Phase, Step


class Dictation:
    """One number being taken down, from `state` on."""

    def __init__(
        self, rules: DictationRules | None = None, state: DictationState | None = None
    ) -> None:
        state = state or DictationState()
        self._rules = rules or DictationRules()
        self._groups = list(state.groups)
        self._phase = state.phase
        self._typing = state.typing
        self._wanted = state.wanted
        self._read = state.read
        self._failures = state.failures
        self._asked_letter = state.asked_letter
        self._asked_at = state.asked_at

    @property
    def state(self) -> DictationState:
        """All that must be remembered."""
        return DictationState(
            tuple(self._groups),
            self._phase,
            self._typing,
            self._wanted,
            self._read,
            self._failures,
            self._asked_letter,
            self._asked_at,
        )

    @property
    def value(self) -> str:
        """All figures and letters taken down so far, upper case."""
        return "".join(self._groups)

    def read(self, group: int) -> None:
        """The reading was cut after group number `group`: 不对 means that one (-1: before any)."""
        if self._phase is Phase.CONFIRMING:
            self._read = min(group + 1, len(self._groups))

    def failed(self) -> None:
        """Something was said that nobody could use."""
        self._failures += 1

    # --- what comes in ------------------------------------------------------------------------
    def heard(self, text: str) -> Step:
        """Take in a finished caller turn. Once agreed upon, only a correction opens it again."""
        text = words.as_said(text)
        self._typing = False
        if words.starts_over(text):
            return self._start_over()
        if self._phase is Phase.ASKING_LETTER:
            return self._letter(words.zero_or_letter(text))
        named = words.named_group(text, len(self._groups))
        if named:
            return self._correct(*named)
        rest = words.wrong(text)
        if rest is not None and self._groups:
            return self._correct(self._last_read(), rest)
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
        if self._phase is Phase.ASKING_LETTER:
            return self._letter("0" if digit == "0" else "O" if digit == "#" else "")
        if digit == "#":
            return self._agreed() if self._phase is Phase.CONFIRMING else self._finish()
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
        due = self.pause_ms()
        return self._step(Next.LISTEN) if due is None or silence_ms < due else self._finish()

    def pause_ms(self) -> int | None:
        """The silence that ends what is being said; None while none does."""
        wanting = self._rules.missing(self.value) and self._wanted is None
        asked = wanting and len(self.value) == self._asked_at  # to ask again is no use
        if not self._groups or self._phase is not Phase.LISTENING or asked:
            return None
        if self._rules.describes and self._rules.fits(self._rules.settled(self.value)):
            return self._rules.settled_pause_ms
        if self._typing:
            return self._rules.typing_pause_ms
        return self._rules.wanting_pause_ms if wanting else self._rules.end_pause_ms

    # --- listening ----------------------------------------------------------------------------
    def _take_down(self, text: str) -> Step:
        said, over = words.without_over(text)
        groups = self._figures(said)
        if not groups and not (over and self._groups):
            return self._step(Next.NOT_FOR_US)
        if self._too_many(groups):
            self._failures += 1
            return self._step(Next.MISSED)
        step = self._add(groups) if groups else self._step(Next.LISTEN)
        return self._finish() if over and self._phase is Phase.LISTENING else step

    def _too_many(self, groups: Groups) -> bool:
        """Ears that stumble write one figure over and over. Who says all anew replaces it all."""
        said = "".join(groups)
        if self._wanted is not None or self._rules.room(self.value) >= len(said):
            return False
        if self._rules.fits(self._rules.settled(said)):
            self._groups.clear()
            return False
        return True

    def _figures(self, text: str) -> Groups:
        """The groups in `text`; letters where none can be are read as figures, or refused."""
        groups = dictated_groups(text)
        if self._rules.letters:
            return groups
        figures = tuple("".join(DIGIT_FOR.get(c, c) for c in group) for group in groups)
        return figures if all(group.isdigit() for group in figures) else ()

    def _add(self, groups: Groups) -> Step:
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
        """The caller is done: read back what they have not heard, or what was corrected of it."""
        self._typing = False
        if not self._groups:
            return self._step(Next.LISTEN)
        if not (self._wanted is not None and self._read) and self._rules.missing(self.value):
            self._wanted = None
            self._failures += len(self.value) == self._asked_at  # else it has grown since
            self._asked_at = len(self.value)
            return self._step(Next.ASK_REST)
        start = min(self._wanted or 0, self._read, len(self._groups) - 1)
        self._wanted = None
        start = self._settle(start)
        place = self._rules.doubtful(self.value)
        if place is not None and not self._asked_letter:
            self._asked_letter = True
            self._phase = Phase.ASKING_LETTER
            return self._step(Next.ASK_LETTER, place=place)
        if start == 0:
            self._groups = list(readable(tuple(self._groups)))
        return self._read_back(start)

    def _settle(self, start: int) -> int:
        """Take the only reading that fits, in the groups that were said; where `start` is now."""
        said, value = self.value, self._rules.settled(self.value)
        if len(value) == len(said):
            at = 0
            for nth, group in enumerate(self._groups):
                self._groups[nth] = value[at : at + len(group)]
                at += len(group)
            return start
        if value.endswith(said):
            self._groups.insert(0, value[: -len(said)])
            return start + 1 if start else 0
        self._groups = list(regroup(value))
        return 0

    def _read_back(self, start: int) -> Step:
        self._phase = Phase.CONFIRMING
        self._read = len(self._groups)
        return self._step(Next.READ_BACK, start)

    def _letter(self, char: str) -> Step:
        """The answer to: zero or letter O?"""
        if not char:
            return self._step(Next.NOT_FOR_US)
        if char == "0":
            self._groups = [group.replace("O", "0") for group in self._groups]
        self._phase = Phase.LISTENING
        return self._finish()

    # --- confirming ---------------------------------------------------------------------------
    def _answer(self, text: str) -> Step:
        if words.agreed(text):
            return self._agreed()
        groups = self._figures(text)
        said = "".join(groups)
        if not groups:
            return self._step(Next.NOT_FOR_US)
        last = self._last_read()
        more = words.goes_on(text)
        if said in self.value and not more:
            # repeated along with the bot, which goes on
            return self._read_back(min(self._read, len(self._groups) - 1))
        if len(said) == len(self._groups[last]) and not more:
            self._failures += 1
            self._wanted = last
        else:
            self._listen()
        step = self._add(groups)
        return step if step.next is not Next.LISTEN else self._finish()

    def _agreed(self) -> Step:
        """A yes: to all of it, once all of it was heard and it can be what was asked for."""
        if self._read < len(self._groups):
            return self._read_back(self._read)
        if not self._rules.fits(self.value):
            self._failures += 1
            self._groups.clear()
            self._listen()
            return Step(Next.MISFIT, fits=False)
        self._phase = Phase.DONE
        return self._step(Next.DONE)

    def _correct(self, group: int, rest: str) -> Step:
        """Group `group` was wrong; `rest` may hold it as it should be."""
        if self._phase is not Phase.LISTENING:
            self._failures += 1
        self._phase = Phase.LISTENING
        self._typing = False
        self._wanted = group
        groups = self._figures(words.without_wrong(rest))
        return self._add(groups) if groups else self._step(Next.ASK_GROUP, group)

    def _last_read(self) -> int:
        """The group that the caller means by 不对: the newest one read, or said."""
        last = len(self._groups) - 1
        if self._wanted is not None:
            return self._wanted
        if self._phase is Phase.CONFIRMING and self._read:
            return min(self._read - 1, last)
        return last

    def _start_over(self) -> Step:
        self._failures += bool(self._groups)
        self._groups.clear()
        self._listen()
        return self._step(Next.START_OVER)

    def _listen(self) -> None:
        self._phase = Phase.LISTENING
        self._wanted = None
        self._read = 0

    def _step(self, what: Next, group: int = 0, place: int = 0) -> Step:
        return Step(what, tuple(self._groups), group, self._rules.fits(self.value), place)
