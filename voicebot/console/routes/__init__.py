"""One module a page; each adds its routes with `add(doors, house, pages)`."""

from voicebot.console.routes import calls, live, login, report, review, users

PAGES = (login, live, calls, review, report, users)

__all__ = ["PAGES"]
