"""Signing in and staying signed in."""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from argon2 import PasswordHasher

from voicebot.console.passwords import HASHER, hash_password, matches, one_time_password, weakness
from voicebot.console.rights import Role
from voicebot.console.throttle import Limit, Throttle
from voicebot.console.workers import Workers
from voicebot.errors import BusyError, RecordsError
from voicebot.records.people import NoSuchPersonError, Person, token_hash
from voicebot.records.store import Records

FIRST_ADMIN = "admin"
PER_ACCOUNT = Limit(failures=8, window_s=900)
PER_ADDRESS = Limit(failures=24, window_s=900)
OUTAGE_S = 900.0
_MOST_SEEN = 1000
_AT_ONCE = 2  # each hash takes 64 MiB and a core for a while; calls need the rest

log = structlog.get_logger(__name__)


class SignInError(Exception):
    """Why somebody was not let in, for them to read."""


@dataclass(frozen=True)
class Clock:
    """`now` is the time of day (UTC); `steady_s` never goes back."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    steady_s: Callable[[], float] = time.monotonic


@dataclass(frozen=True)
class Visit:
    """Somebody who is signed in: the person, and what their forms must carry."""

    person: Person
    token: str

    @property
    def csrf(self) -> str:
        """Proof that a form came from a page that we gave to this session."""
        return csrf_of(self.token)


def csrf_of(token: str) -> str:
    """Told to pages, so that the token need not be; cannot be turned back into it."""
    return hmac.digest(token.encode(), b"csrf", "sha256").hex()


def new_token() -> str:
    """256 bits of chance."""
    return secrets.token_urlsafe(32)


class Accounts:
    """Who may come in. `idle` and `whole` say how long a session lasts."""

    def __init__(
        self,
        records: Records,
        *,
        idle: timedelta,
        whole: timedelta,
        clock: Clock,
        ask: Workers,
        hasher: PasswordHasher = HASHER,
    ) -> None:
        self._records = records
        self._ask = ask
        self._idle, self._whole = idle, whole
        self._clock = clock
        self._hasher = hasher
        self._by_account, self._by_address = Throttle(PER_ACCOUNT), Throttle(PER_ADDRESS)
        self._seen: OrderedDict[str, tuple[Person, float]] = OrderedDict()
        self._hashing = asyncio.Semaphore(_AT_ONCE)
        # Somebody who does not exist takes as long as somebody who does.
        self._nobody = hash_password(new_token(), hasher)

    async def sign_in(self, name: str, password: str, address: str) -> Visit:
        """A new session; never one that the browser brought along. Raises SignInError."""
        name, at_s = name.strip()[:64], self._clock.steady_s()
        account = name.lower()
        wait_s = max(self._by_account.wait_s(account, at_s), self._by_address.wait_s(address, at_s))
        if wait_s > 0:
            minutes = int(wait_s // 60) + 1
            raise SignInError(f"试错的次数太多，请 {minutes} 分钟后再试，或请管理员重设密码。")
        self._by_account.take(account, at_s)
        self._by_address.take(address, at_s)
        person = await self._checked(name, password[:1024])
        if person is None:
            await self.note(name if await self._known(name) else "?", "login_failed", why=address)
            raise SignInError("用户名或密码不对。")
        self._by_account.forget(account)
        self._by_address.give_back(address)
        token, now = new_token(), self._clock.now()
        people = self._records.people
        await self._ask(people.sweep, now, idle=self._idle, whole=self._whole)
        await self._ask(people.sign_in, token, person.id, now)
        await self.note(person.name, "login", why=address)
        self._remember(token, person)
        return Visit(person, token)

    async def visit(self, token: str, *, used: bool = True) -> Visit | None:
        """Whose session a token is; None if it is none (any more). Raises RecordsError."""
        if not token or len(token) > 128:
            return None
        try:
            person = await self._ask(
                self._records.people.signed_in,
                token,
                self._clock.now(),
                idle=self._idle,
                whole=self._whole,
                used=used,
            )
        except BusyError:  # the database is there: who was shut out meanwhile is not to pass
            raise
        except RecordsError:
            person = self._lately(token)
            if person is None:
                raise
        else:
            self._remember(token, person)
        return Visit(person, token) if person else None

    def _lately(self, token: str) -> Person | None:
        """Who was signed in a moment ago: what happens now is to be seen though the database is
        away. What is done then is not: it could not be noted."""
        person, seen_s = self._seen.get(token_hash(token), (None, 0.0))
        return person if self._clock.steady_s() - seen_s < OUTAGE_S else None

    def _remember(self, token: str, person: Person | None) -> None:
        key = token_hash(token)
        if person is None:
            self._seen.pop(key, None)
            return
        self._seen[key] = (person, self._clock.steady_s())
        self._seen.move_to_end(key)
        while len(self._seen) > _MOST_SEEN:
            self._seen.popitem(last=False)

    async def sign_out(self, visit: Visit) -> None:
        """End a session."""
        self._remember(visit.token, None)
        await self._ask(self._records.people.sign_out, visit.token)
        await self.note(visit.person.name, "logout")

    async def change_password(self, visit: Visit, old: str, new: str, address: str) -> Visit:
        """A new password, and a new session; all others of this person end. Raises SignInError."""
        name, at_s = visit.person.name, self._clock.steady_s()
        if self._by_account.wait_s(name.lower(), at_s) > 0:
            raise SignInError("试错的次数太多，请稍后再试。")
        self._by_account.take(name.lower(), at_s)
        if await self._checked(name, old[:1024]) is None:
            await self.note(name, "password_refused", why=address)
            raise SignInError("现在的密码不对。")
        self._by_account.forget(name.lower())
        if why := weakness(new, name):
            raise SignInError(why)
        if hmac.compare_digest(old.encode(), new.encode()):
            raise SignInError("新密码要和现在的不同。")
        await self._store(name, new, must_change=False)
        await self.note(name, "password_changed", why=address)
        person = await self._ask(self._records.people.get, name)
        token = new_token()
        await self._ask(self._records.people.sign_in, token, person.id, self._clock.now())
        return Visit(person, token)

    # --- for those who look after accounts ------------------------------------------------
    async def add(self, name: str, role: Role, seat: str, *, by: str) -> str:
        """Make an account; returns its one-time password. Raises RecordsError."""
        password = one_time_password()
        hashed = await self._hash(password)
        await self._ask(
            self._records.people.add,
            name,
            role,
            hashed,
            seat=seat,
            must_change=True,
            at=self._clock.now(),
        )
        await self.note(by, "user_added", why=f"{name} {role} {seat}")
        return password

    async def reset(self, name: str, *, by: str) -> str:
        """A new one-time password. Raises RecordsError."""
        password = one_time_password()
        await self._store(name, password, must_change=True)
        self._by_account.forget(name.lower())
        await self.note(by, "password_reset", why=name)
        return password

    async def note(self, who: str, what: str, *, call_id: str = "", why: str = "") -> None:
        """Put a line into the audit log. Raises RecordsError: what is not noted is not done."""
        await self._ask(self._records.custody.note, who, what, call_id=call_id, why=why)

    async def _known(self, name: str) -> bool:
        try:
            await self._ask(self._records.people.get, name)
        except NoSuchPersonError:
            return False
        return True

    async def _checked(self, name: str, password: str) -> Person | None:
        """The person whose name and password these are, if they may come in."""
        person, stored = None, self._nobody
        try:
            person, stored = await self._ask(self._records.people.find, name)
        except NoSuchPersonError:
            log.info("console: a sign-in with a name that nobody has")
        async with self._hashing:
            right = await self._ask(matches, stored, password, self._hasher)
        return person if right and person is not None and not person.disabled else None

    async def _store(self, name: str, password: str, *, must_change: bool) -> None:
        hashed = await self._hash(password)
        await self._ask(self._records.people.set_password, name, hashed, must_change=must_change)

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await self._ask(hash_password, password, self._hasher)


def first_admin(records: Records, hasher: PasswordHasher = HASHER) -> str:
    """Make the first account where there is none; its one-time password, else empty.

    Raises RecordsError.
    """
    if records.people.everyone():
        return ""
    password = one_time_password()
    hashed = hash_password(password, hasher)
    made = records.people.add_first(FIRST_ADMIN, Role.ADMIN, hashed, at=datetime.now(UTC))
    return password if made else ""
