"""What every request meets first: is it for us, is it harmless; and what every answer carries.

The console has no login. It listens on loopback only, so what is left to keep out is other
people's pages in the operator's browser: DNS rebinding (the Host header), cross-site reading
(Sec-Fetch-Site), framing and injected scripts (response headers).
"""

from __future__ import annotations

import ipaddress

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_OWN_SITE = ("", "none", "same-origin")


class Guard:
    """Wraps the console's application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that must not come in, else pass it on; add the headers."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(SECURITY_HEADERS)
            await send(message)

        if scope["type"] != "http":
            return
        refusal = _refusal(scope["method"], Headers(scope=scope))
        await (refusal or self._app)(scope, receive, send_guarded)


def _refusal(method: str, headers: Headers) -> PlainTextResponse | None:
    hosts = headers.getlist("host")
    if len(hosts) != 1 or not is_loopback_name(host_of(hosts[0])):
        return PlainTextResponse("控制台只接受本机地址（127.0.0.1、localhost、[::1]）。\n", 421)
    if method != "GET":
        return PlainTextResponse("控制台只读：只接受 GET。\n", 405, {"Allow": "GET"})
    site = headers.get("sec-fetch-site", "")
    if site not in _OWN_SITE and headers.get("sec-fetch-mode") != "navigate":
        return PlainTextResponse("不接受来自其他网站的请求。\n", 403)
    return None


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
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _is_port(text: str) -> bool:
    """Empty, or a colon and digits."""
    return not text or (text[0] == ":" and text[1:].isascii() and text[1:].isdigit())
