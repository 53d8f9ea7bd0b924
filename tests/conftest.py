"""Fixtures that every room shares."""

from __future__ import annotations

import gc
import sys
import warnings
from pathlib import Path

import hypothesis
import pytest

from voicebot.settings import load_settings

# How long an example takes is the machine's affair: tests measure nothing.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# What happens there happens in real time, over sockets, beside whatever else the machine does: a
# stall of the host fails a test that is sound. Such a test may be tried twice more; pytest's last
# line counts the reruns, and what fails three times is broken. Nothing else is ever rerun.
_REAL_TIME = ("peers", "telephony", "session", "handoff", "test_serving.py")
_RERUNS = 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in _REAL_TIME:
            item.add_marker(pytest.mark.flaky(reruns=_RERUNS, reruns_delay=1))


_failed = pytest.StashKey[bool]()


def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    if call.excinfo is not None and not call.excinfo.errisinstance(pytest.skip.Exception):
        item.session.stash[_failed] = True


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let go of what a failed test left open before the next one: it would be blamed for it."""
    if item.session.stash.get(_failed, False):
        item.session.stash[_failed] = False
        for name in ("last_exc", "last_type", "last_value", "last_traceback"):
            if hasattr(sys, name):
                delattr(sys, name)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(scope="session")
def models() -> Path:
    """The weights folder, as the settings find it. Tests that need weights fail without them."""
    return load_settings().models
