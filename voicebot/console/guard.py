"""What every request meets first: is it for us, is it harmless; and what every answer carries.

Who may see what is decided behind this (rights.py, doors.py). Here other people's pages in a
person's browser are kept out: DNS rebinding (the Host header), cross-site requests (Origin,
Sec-Fetch-Site), framing and injected scripts (response headers).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not no-referrer: with it browsers call the origin of our own forms null.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}
TLS_ONLY = "max-age=31536000"
_OWN_SITE = ("", "none", "same-origin")
_METHODS = ("GET", "POST")


@dataclass(frozen=True)
class Access:
    """How browsers reach the console: `hosts` besides this machine's own names, `proxies` that
    alone may connect (empty: anybody), and whether they come over TLS."""

    hosts: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    over_tls: bool = False


class Guard:
    """Wraps the console's application; leaves the browser's address in the request's state."""

    def __init__(self, app: ASGIApp, access: Access = Access()) -> None:
        self._app = app
        self._access = access
        self._hosts = {name.lower() for name in access.hosts}
        self._proxies = {ipaddress.ip_address(each) for each in access.proxies}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that must not come in, else pass it on; add the headers."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(SECURITY_HEADERS)
                if self._access.over_tls:
                    headers["Strict-Transport-Security"] = TLS_ONLY
            await send(message)

        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        peer = (scope.get("client") or ("", 0))[0]
        scope.setdefault("state", {})["address"] = self._browser(peer, headers)
        refusal = self._stranger(peer) or self._refusal(scope["method"], headers)
        await (refusal or self._app)(scope, receive, send_guarded)

    def _stranger(self, peer: str) -> PlainTextResponse | None:
        if not self._proxies or _address(peer) in self._proxies:
            return None
        return PlainTextResponse("控制台只接受来自指定代理的连接。\n", 403)

    def _browser(self, peer: str, headers: Headers) -> str:
        """The address that counts for limits: behind a proxy the one that the proxy saw."""
        if _address(peer) not in self._proxies:
            return peer
        # Some proxies add a line of their own below the one that the browser sent.
        told = ",".join(headers.getlist("x-forwarded-for"))
        last = told.rpartition(",")[2].strip()
        return last if _address(last) else peer

    def _refusal(self, method: str, headers: Headers) -> PlainTextResponse | None:
        hosts = headers.getlist("host")
        if len(hosts) != 1 or not self._is_ours(host_of(hosts[0])):
            return PlainTextResponse(
                "控制台不接受这个地址：请用本机地址（127.0.0.1、localhost、[::1]）"
                "或设置 console.hosts 中的名字。\n",
                421,
            )
        if method not in _METHODS:
            allowed = {"Allow": ", ".join(_METHODS)}
            return PlainTextResponse("控制台只接受 GET 和 POST。\n", 405, allowed)
        site, mode = headers.get("sec-fetch-site", ""), headers.get("sec-fetch-mode", "")
        linked = method == "GET" and mode == "navigate"
        origin = headers.get("origin")
        foreign = origin is not None and urlsplit(origin).netloc.lower() != hosts[0].lower()
        if (site not in _OWN_SITE and not linked) or (foreign and method == "POST"):
            return PlainTextResponse("不接受来自其他网站的请求。\n", 403)
        return None

    def _is_ours(self, name: str) -> bool:
        return is_loopback_name(name) or name.lower() in self._hosts


def host_of(host_header: str) -> str:
    """``[::1]:8080`` -> ``::1``; ``localhost:8080`` -> ``localhost``; empty if malformed."""
    if host_header.startswith("["):
        inside, bracket, port = host_header[1:].partition("]")
        return inside if bracket and _is_port(port) else ""
    name, colon, port = host_header.partition(":")
    return name if _is_port(colon + port) else ""


def is_loopback_name(name: str) -> bool:
    """Whether a host name can only mean this machine."""
    if name.lower() == "localhost":
        return True
    address = _address(name)
    return address is not None and address.is_loopback


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_port(text: str) -> bool:
    """Empty, or a colon and digits."""
    return not text or (text[0] == ":" and text[1:].isascii() and text[1:].isdigit())
