"""One module a page; each adds its routes with `add(doors, house, pages)`."""

from voicebot.console.routes import (
    calls,
    control,
    knowledge,
    live,
    login,
    report,
    review,
    seat,
    seat_work,
    users,
)

PAGES = (login, live, calls, control, seat, seat_work, review, knowledge, report, users)

__all__ = ["PAGES"]
