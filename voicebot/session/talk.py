"""What the parts of one call share: where the talk stands, its clock, and who is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import structlog

from telephony import Call
from voicebot.dialog.state import DialogState
from voicebot.session import events as facts
from voicebot.session.conversation import Thought

log = structlog.get_logger(__name__)
T = TypeVar("T")


class Talk:
    """One call's state.

    Attributes:
        state: the dialog's memory; moves with the first sound of a reply.
        on_state: told each new state.
        shown: makes of a fact what may be told of it.
        takes_figures: the caller is dictating: nothing is said while they look for the next group.
        committed: whether the running turn has made its first sound.
        interruptible: False once a hand-off has begun: the notice and the ringing belong together.
        barged_in: the caller has stopped the bot and not been answered since.
        untold_from_ms: where the caller's words began (frame clock) that are in no fact yet.
        cut: what is left of the utterance that the caller cut off, until a reply has begun.
        outcome: the record's word for how the call went.
    """

    def __init__(self, call: Call, state: DialogState, observer: facts.Observer) -> None:
        self.call = call
        self._state = state
        self.takes_figures = False
        self.on_state: Callable[[DialogState], None] = lambda state: None
        self.shown: Callable[[facts.SessionEvent], facts.SessionEvent] = lambda event: event
        self.committed = True
        self.interruptible = True
        self.barged_in = False
        self.untold_from_ms: int | None = None
        self.cut: Thought | None = None
        self.outcome = "answered"
        self._observer = observer
        self._answered_s = 0.0
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def state(self) -> DialogState:
        return self._state

    @state.setter
    def state(self, state: DialogState) -> None:
        self._state = state
        self.on_state(state)

    def answered(self) -> None:
        """The call's clock begins."""
        self._answered_s = asyncio.get_running_loop().time()

    def now_ms(self) -> int:
        """Time since the answer."""
        return int((asyncio.get_running_loop().time() - self._answered_s) * 1000)

    def tell(self, event: facts.SessionEvent) -> None:
        """Tell the observer; one that fails (a full disk, a closed terminal) harms no call."""
        try:
            self._observer(self.shown(event))
        except Exception:
            log.exception("observer failed", call_id=self.call.info.call_id)

    def trouble(self, what: str, consequence: str) -> None:
        """Something failed inside, and the call goes on as `consequence` says."""
        self.tell(facts.Trouble(self.now_ms(), what, consequence))

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that does not outlive the call."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def end_tasks(self) -> None:
        """Cancel all that was spawned."""
        await cancel(*self._tasks)


async def cancel(*tasks: asyncio.Task[Any]) -> None:
    """Cancel and wait; gather keeps their cancellation apart from our own."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
