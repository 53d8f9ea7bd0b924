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

# What happens there happens in real time, over sockets, in threads and other processes, beside
# whatever else the machine does: a stall of the host fails a test that is sound. Such a test may
# be tried twice more; pytest's last lines count the reruns and say why each was needed, and what
# fails three times is broken. Nothing else is ever rerun; _ONCE neither, though in real time: what
# is lost by a crash only now and then is lost.
_REAL_TIME = (
    *("peers", "telephony", "session", "handoff", "webhooks", "remote", "test_serving.py"),
    *("test_readme.py", "test_bad_input.py", "metrics/test_watching.py"),
    *("replay/test_wire.py", "replay/test_wire_phone.py", "replay/test_bench_calls.py"),
    *(f"console/test_{name}.py" for name in ("bodies", "browser", "command", "control")),
    *(f"console/test_{name}.py" for name in ("hostile", "live", "screens", "seat", "theirs")),
    *(f"knowledge/test_{name}.py" for name in ("ingest_hostile", "live", "pool")),
    *("knowledge/vectors/test_milvus.py", "language/test_http_engine.py"),
    *("language/test_http_wire.py", "language/test_model_folders.py", "weights/test_fetch.py"),
    *("turns/test_scheduler.py", "turns/test_virtual_time.py", "wrapup/test_making.py"),
    "workshop/test_live_pack.py",
    *(f"speech/test_{name}.py" for name in ("cache_hostile", "chain_streaming", "speaker")),
    *(f"speech/test_edge_{name}.py" for name in ("chain", "chosen", "connection", "fallback")),
)
_ONCE = (
    *(f"records/test_{name}.py" for name in ("dead_writers", "outbox", "postgresql", "sqlite")),
    *("knowledge/test_crash.py", "workshop/test_crash.py"),
)
_VIRTUAL = (  # of those folders
    *("telephony/test_cushion.py", "telephony/test_emodel.py", "handoff/test_scene_stories.py"),
)
_RERUNS = 2


@pytest.hookimpl(tryfirst=True)  # before -m picks by the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    real, once, virtual = [[here / x for x in some] for some in (_REAL_TIME, _ONCE, _VIRTUAL)]
    for item in items:
        if item.path in once:
            item.add_marker(pytest.mark.real_time)
        elif item.path not in virtual and any(map(item.path.is_relative_to, real)):
            item.add_marker(pytest.mark.real_time)
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
