"""Music on hold: quiet, within the telephone band, without a seam, and gone when it is to go."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from line_support import samples

from telephony import tones
from telephony.api import SAMPLE_RATE
from telephony.file_line import FileCall


def test_it_is_quiet_and_within_the_telephone_band() -> None:
    tune = samples(tones.music())
    assert len(tune) == 12.8 * SAMPLE_RATE
    rms_db = 20 * np.log10(np.std(tune) / 32768)
    assert -30 < rms_db < -26
    assert np.abs(tune).max() < 32768 * 10 ** (-10 / 20)
    power = np.abs(np.fft.rfft(tune)) ** 2
    hz = np.fft.rfftfreq(len(tune), 1 / SAMPLE_RATE)
    assert power[(hz > 200) & (hz < 3400)].sum() > 0.99 * power.sum()


def test_its_end_runs_into_its_beginning() -> None:
    tune = samples(tones.music())
    steps = np.abs(np.diff(np.tile(tune, 2)))
    assert steps[len(tune) - 1] <= np.percentile(steps, 99)
    # It never falls silent: whoever waits knows that the line lives.
    windows = tune.reshape(-1, SAMPLE_RATE * 2 // 5)
    assert np.sqrt(np.mean(windows**2, axis=1)).min() > 100


async def test_it_goes_on_without_a_gap_and_stops_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    call = FileCall(b"", lambda: 0.0)  # its clock stands still: nothing leaves by itself
    now_s, queued_ms = 0.0, []

    async def sleep(seconds: float) -> None:
        nonlocal now_s
        if now_s > 60:
            raise asyncio.CancelledError
        now_s += seconds
        del call._queue[: round(seconds * SAMPLE_RATE) * 2]
        queued_ms.append(call.queued_ms)

    monkeypatch.setattr(tones.asyncio, "sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await tones.play_music(call)
    assert len(queued_ms) >= 5
    assert min(queued_ms) >= 900
    assert max(queued_ms) <= 14_000
    assert call.queued_ms <= 20, "no more than the end of a note that fades"
