"""edge-tts (LGPL-3, an extra) as one voice sees it: its address and its clock are the voice's own.

The library keeps the service's address in a module and the clock skew in a class, for the whole
program, and believes the ``Date`` of any 403: one that lies (a proxy's) makes every later request
fail. So each voice runs a copy of its two modules, in which a skew counts for its request only,
until the service has answered with sound.
"""

from __future__ import annotations

import importlib.util
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from voicebot.errors import VoiceError

EXTRA = "pip install 'voicebot[edge]'"
_PARTS = ("Communicate", "DRM", "WSS_URL")


class Clock:
    """Stands in for ``edge_tts.drm.DRM``: the same, with a skew for each request.

    Requests are tasks of one event loop, so what happens between two awaits is not disturbed.
    """

    def __init__(self, drm: Any) -> None:
        self._drm = drm
        self._proven_s = 0.0
        self._skew_s: ContextVar[float] = ContextVar("skew_s")

    @property
    def skew_s(self) -> float:
        """How far the service's clock is ahead of ours, as far as that is proven."""
        return self._proven_s

    def begin(self) -> None:
        """A request begins, in the calling task: it starts from the proven skew."""
        self._skew_s.set(self._proven_s)

    def prove(self) -> None:
        """The calling task's request was answered with sound: its skew is right."""
        self._proven_s = self._skew_s.get(self._proven_s)

    def generate_sec_ms_gec(self) -> str:
        self._drm.clock_skew_seconds = self._skew_s.get(self._proven_s)
        token: str = self._drm.generate_sec_ms_gec()
        return token

    def handle_client_response_error(self, error: Any) -> None:
        """What the library does about a 403, before it tries once more."""
        self._drm.clock_skew_seconds = self._skew_s.get(self._proven_s)
        self._drm.handle_client_response_error(error)
        self._skew_s.set(self._drm.clock_skew_seconds)

    def headers_with_muid(self, headers: dict[str, str]) -> dict[str, str]:
        combined: dict[str, str] = self._drm.headers_with_muid(headers)
        return combined


def load(endpoint: str | None) -> tuple[Any, Clock]:
    """Return the library's ``communicate`` module for one voice, and the clock in it.

    `endpoint` replaces the service's address (``ws://127.0.0.1:PORT/?key=x``); None keeps it.
    Raises VoiceError if the extra is missing, or not as we know it.
    """
    module, drm = _copy("edge_tts.communicate"), _copy("edge_tts.drm")
    missing = [part for part in _PARTS if not hasattr(module, part)]
    if missing:
        raise VoiceError(
            f"voice edge: expected edge-tts 7.3, found one without {missing[0]}; {EXTRA}"
        )
    clock = Clock(drm.DRM)
    vars(module)["DRM"] = clock
    if endpoint is not None:
        vars(module)["WSS_URL"] = endpoint
    return module, clock


def _copy(name: str) -> ModuleType:
    try:
        import av  # noqa: F401  the other half of the extra

        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            raise ModuleNotFoundError(name=name)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except ImportError as error:
        raise VoiceError(
            f"voice edge: expected the packages edge-tts and av, found no {error.name}; {EXTRA}"
        ) from None
    return module
