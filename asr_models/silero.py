"""Silero VAD at 8 kHz: the probability that a 32 ms frame holds speech.

Source: Silero Team, https://github.com/snakers4/silero-vad (v6 ONNX). The 8 kHz model takes
256 new samples with the last 32 samples of the frame before in front of them, and carries a
(2, 1, 128) recurrent state.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnxruntime

from asr_models.errors import AsrModelError, AudioFormatError

SAMPLE_RATE = 8000
FRAME_SAMPLES = 256
FRAME_MS = 32
_CONTEXT_SAMPLES = 32
_STATE_SHAPE = (2, 1, 128)
_RATE_INPUT = np.array(SAMPLE_RATE, dtype=np.int64)


class SileroVad:
    """Speech probability of one audio stream, frame by frame.

    An instance belongs to one stream (a call direction); `fork` gives another stream on the
    same loaded weights. Not for use by two threads at once; forks are independent.
    """

    _window: npt.NDArray[np.float32]
    _state: npt.NDArray[np.float32]

    def __init__(self, onnx_path: Path) -> None:
        """Load the ONNX file with one thread. Raises AsrModelError if it is no such model."""
        self._path = onnx_path
        self._session = _load(onnx_path)
        self._reset_arrays()

    def __call__(self, frame: npt.NDArray[np.int16]) -> float:
        """Return the speech probability (0..1) of the next 256 samples at 8 kHz.

        Raises AudioFormatError for another shape or sample type.
        """
        if frame.shape != (FRAME_SAMPLES,) or frame.dtype != np.int16:
            raise AudioFormatError(
                f"silero: expected int16 samples of shape ({FRAME_SAMPLES},), "
                f"got {frame.dtype} of shape {frame.shape}"
            )
        self._window[0, :_CONTEXT_SAMPLES] = self._window[0, -_CONTEXT_SAMPLES:]
        self._window[0, _CONTEXT_SAMPLES:] = frame
        self._window[0, _CONTEXT_SAMPLES:] /= 32768.0
        probability, self._state = self._session.run(
            None, {"input": self._window, "state": self._state, "sr": _RATE_INPUT}
        )
        return float(probability[0, 0])

    def reset(self) -> None:
        """Forget the stream so far: the next frame is the first of another one."""
        self._reset_arrays()

    def fork(self) -> SileroVad:
        """Return a fresh stream that shares the loaded weights."""
        twin = SileroVad.__new__(SileroVad)
        twin._path = self._path
        twin._session = self._session
        twin._reset_arrays()
        return twin

    def _reset_arrays(self) -> None:
        self._window = np.zeros((1, _CONTEXT_SAMPLES + FRAME_SAMPLES), dtype=np.float32)
        self._state = np.zeros(_STATE_SHAPE, dtype=np.float32)


def _load(path: Path) -> onnxruntime.InferenceSession:
    if not path.is_file():
        raise AsrModelError(f"silero: expected an ONNX file at {path}, found none")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(
            str(path), sess_options=options, providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime raises a family of its own, unrelated classes
        reason = str(error).splitlines()[0]
        raise AsrModelError(f"silero: {path} is no loadable ONNX model: {reason}") from None
    names = {value.name for value in session.get_inputs()}
    if names != {"input", "state", "sr"}:
        raise AsrModelError(
            f"silero: {path} expects inputs {sorted(names)}; a Silero v5/v6 model takes "
            "['input', 'sr', 'state']"
        )
    return session
