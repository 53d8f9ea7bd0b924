"""FunASR's AutoModel, loaded quietly, held to its word, and run by one thread at a time.

Source: https://github.com/modelscope/FunASR (pip extra `funasr`). Left to itself AutoModel goes
on with random weights where a file is missing, and on the CPU where a device is missing; it
installs a root log handler and prints. Here the first two are errors and the rest is kept still.
Nothing is imported before the first model is loaded: the import alone takes 10 to 25 s.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import importlib.util
import io
import logging
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from asr_models.errors import AsrModelError

SAMPLE_RATE = 16000
_FILES = ("config.yaml", "model.pt")
_DEVICES = "cpu, cuda, cuda:N, mps"


class FunasrModel:
    """One AutoModel. `generate` holds the model's lock: FunASR keeps a call's options in it."""

    def __init__(
        self,
        model: str | Path,
        *,
        device: str = "cpu",
        threads: int = 1,
        hub: str = "ms",
        files: tuple[str, ...] = (),
    ) -> None:
        """Load a local folder, or a model that FunASR knows by name and downloads itself.

        `threads` is PyTorch's own count, which is one for the whole process. `hub` is "ms"
        (ModelScope) or "hf" (Hugging Face). `files` are needed in a folder beside config.yaml
        and model.pt. Raises AsrModelError, one line, naming what is wrong.
        """
        self.name = _known_name(model, (*_FILES, *files))
        self.threads = threads
        self._lock = threading.RLock()
        self._auto = _load(self.name, device=device, threads=threads, hub=hub)

    @property
    def network(self) -> Any:
        """The PyTorch module."""
        return self._auto.model

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Keep other threads out, for calls that belong together."""
        with self._lock:
            yield

    def generate(self, data: npt.NDArray[np.float32] | str, **options: Any) -> dict[str, Any]:
        """Run the model on samples at 16 kHz (-1..1), shape (n,), or on a text.

        Returns the one result's fields; none where the model found nothing.
        """
        with self._lock:
            results = self._auto.generate(input=data, **options)
        return dict(results[0]) if results else {}

    def clock(self) -> float:
        """Seconds of this thread's CPU time; of wall time where PyTorch has threads of its own."""
        return time.thread_time() if self.threads == 1 else time.perf_counter()


def as_float(pcm: npt.NDArray[np.int16]) -> npt.NDArray[np.float32]:
    """Return int16 samples as FunASR takes them: float32 in -1..1."""
    return pcm.astype(np.float32) / np.float32(32768.0)


def _known_name(model: str | Path, files: tuple[str, ...]) -> str:
    """The absolute path of a whole folder, or the name that FunASR shall download."""
    folder = Path(model).expanduser()
    if folder.is_dir():
        missing = [name for name in files if not (folder / name).is_file()]
        if missing:
            raise AsrModelError(
                f"funasr: expected {', '.join(files)} in {folder}, missing: {', '.join(missing)}"
            )
        return str(folder.resolve())
    if isinstance(model, Path) or folder.is_absolute() or model.startswith("."):
        raise AsrModelError(f"funasr: expected a folder with {', '.join(files)} at {folder}")
    return model


def _load(name: str, *, device: str, threads: int, hub: str) -> Any:
    with _quietly() as said:
        torch, auto_model = _import()
        _check_device(torch, device)
        try:
            loaded = auto_model(
                model=name,
                device=device,
                ncpu=threads,
                hub=hub,
                disable_update=True,
                disable_pbar=True,
                log_level="ERROR",
                # Noise added to the features would make two runs on one sound differ.
                frontend_conf={"dither": 0.0},
            )
        except Exception as error:  # FunASR and PyTorch raise whatever they met
            raise AsrModelError(f"funasr: cannot load {name}: {_reason(error, said)}") from None
    weights = loaded.kwargs.get("init_param")
    if not weights or not Path(weights).is_file():
        raise AsrModelError(f"funasr: {name} came without weights ({weights}); fetch it again")
    return loaded


def _import() -> tuple[Any, Any]:
    try:
        torch = importlib.import_module("torch")
        return torch, importlib.import_module("funasr").AutoModel
    except ImportError as error:
        raise AsrModelError(
            f"funasr: not installed here ({error}); run: pip install 'voicebot[funasr]'"
        ) from None


def _check_device(torch: Any, device: str) -> None:
    kind = device.partition(":")[0]
    if kind not in ("cpu", "cuda", "mps"):
        raise AsrModelError(f"funasr: unknown device {device!r}; known: {_DEVICES}")
    try:
        torch.zeros(1, device=device)
    except Exception as error:  # an assertion, a RuntimeError, a driver's own class
        raise AsrModelError(
            f"funasr: device {device!r} cannot be used: {_first_line(error)}; known: {_DEVICES}"
        ) from None


def _reason(error: Exception, said: io.StringIO) -> str:
    """What FunASR printed before it failed tells more than the failure."""
    failed = [line for line in said.getvalue().splitlines() if "failed" in line]
    return failed[-1] if failed else _first_line(error)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


class _NoChatter(logging.Filter):
    """FunASR logs through the root logger: drop what is no error."""

    def __init__(self) -> None:
        super().__init__()
        spec = importlib.util.find_spec("funasr")
        self._folders = tuple(spec.submodule_search_locations or ()) if spec else ()

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= logging.ERROR or not record.pathname.startswith(self._folders)


@functools.cache
def _no_chatter() -> _NoChatter:
    return _NoChatter()


@contextlib.contextmanager
def _quietly() -> Iterator[io.StringIO]:
    """Import and load in silence; yields what was printed. For start-up: stdout is shared."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.addFilter(_no_chatter())  # stays: generate() logs too
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # third-party code of many hands
            yield said
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
